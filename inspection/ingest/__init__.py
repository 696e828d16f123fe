"""What stations send: results first, then the images that they name."""
