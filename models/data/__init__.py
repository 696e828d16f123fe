"""Image folders in the MVTec AD layout, read through the line's own pre-processing."""
