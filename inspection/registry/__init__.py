"""Recipes, their model versions, and which one is the champion."""
