"""Images that a recipe learns from, and those it is tested on."""
