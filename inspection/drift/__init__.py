"""Drift: what a station sees now against what it saw when its bundle came, and the likely cause."""
