"""Stations: which may report, and what they said last."""
