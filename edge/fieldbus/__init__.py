"""Connections to controllers and brokers; outputs and triggers share them."""
