"""What runs beside the line."""
