"""A plant asked by a Python program."""

from inspection.client.plant_client import PlantClient

__all__ = ["PlantClient"]
