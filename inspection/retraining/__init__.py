"""Retraining without being asked: when there is reason to, within a budget; a person promotes unless told otherwise."""
