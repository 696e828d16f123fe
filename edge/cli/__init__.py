"""The commands of a station; each module imports what is heavy only when its command runs."""
