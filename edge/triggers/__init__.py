"""What makes a frame a part: every one, a part that is seen, or somebody who asks."""
