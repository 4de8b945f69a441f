"""Figures, tables, archived measurements and the paper's published results, for the book only."""
