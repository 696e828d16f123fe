"""Rollouts: a bundle goes to some stations first, is watched there, and halted if it misbehaves."""
