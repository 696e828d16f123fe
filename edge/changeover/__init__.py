"""Who tells a station that the line makes another part type now."""
