"""Search by example: nearest neighbours, precision and nDCG, with intervals (Section VI)."""
