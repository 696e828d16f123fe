"""The whole plant in one file, and back."""
