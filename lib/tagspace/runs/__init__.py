"""Experiments, their records, sweeps over many experiments, and comparisons of runs."""
