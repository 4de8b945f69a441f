"""Experiments, their records, and sweeps over many of them."""
