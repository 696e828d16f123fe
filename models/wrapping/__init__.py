"""An exported model of another tool as one of our bundles: stations need no change."""
