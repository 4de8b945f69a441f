"""From audio files to log-mel excerpts (Section IV-B.2)."""
