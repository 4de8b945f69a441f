"""Helpers: the cache folder, progress bars, devices, memory."""
