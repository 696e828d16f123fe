"""What waits for the plant: a durable, bounded store of results and images on the station's own disk."""
