"""The network, triplet mining, losses and training (Sections III-A and IV-A)."""
