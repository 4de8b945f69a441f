"""Encoders that were trained elsewhere, on other data."""
