"""A challenger beside the champion on the stations of a recipe: ordered here, and what it would have said."""
