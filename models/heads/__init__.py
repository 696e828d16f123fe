"""Heads: each turns patch features into a raw map; `tail` puts them on one scale so that they can be fused."""
