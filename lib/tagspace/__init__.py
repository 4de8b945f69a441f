"""Music representations learned from tags (Schindler and Knees, CBMI 2019)."""
