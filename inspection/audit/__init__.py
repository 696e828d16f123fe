"""Who changed what and when, in a log that shows if it was altered."""
