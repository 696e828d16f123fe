"""Alerts: what somebody should look at, once per cause, told to people and to other systems."""
