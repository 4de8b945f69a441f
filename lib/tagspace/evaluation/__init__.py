"""Search by example, baselines, and comparisons with intervals (Section VI)."""
