"""Checks of everything that a station needs, each with what to do about it."""
