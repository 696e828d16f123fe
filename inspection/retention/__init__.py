"""Removing images that nobody needs any more, by rules in the settings."""
