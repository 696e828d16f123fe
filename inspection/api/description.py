"""The description of the API, as docs/openapi.json holds it."""

import json

from inspection.api.app import build_app
from inspection.settings import PlantSettings

__all__ = ["description"]


def description() -> str:
    """OpenAPI as indented JSON with sorted keys, so that a change reads well in a diff."""
    return json.dumps(build_app(PlantSettings()).openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
