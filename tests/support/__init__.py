"""Real small things that several tests share."""
