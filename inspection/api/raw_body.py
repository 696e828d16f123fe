"""A body that is a file as it is, for the description of the API: such routes read the request piece by piece."""

from typing import Any

__all__ = ["MAYBE_RAW", "RAW"]


def _raw(*, required: bool) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": {"required": required, "content": {"application/octet-stream": {"schema": schema}}}}


RAW = _raw(required=True)
MAYBE_RAW = _raw(required=False)
