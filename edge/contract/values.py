"""Base of all values that cross a process boundary."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Value"]


class Value(BaseModel):
    """Frozen; an unknown key is an error, so that a misspelt or newer field is never dropped silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
