"""Thresholds from held-out parts, and what they promise."""
