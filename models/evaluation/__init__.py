"""How good is a bundle: measured through the line's own inference, never through torch."""
