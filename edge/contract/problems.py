"""What a check of values found, in one line of words: the key, what was expected, what came."""

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["problems_of"]

_SECRET = re.compile(r"key|password|secret|token|csrf", re.IGNORECASE)
_LONGEST = 60
_SAID_BY_ITSELF = {"value_error", "missing", "extra_forbidden", "union_tag_invalid", "json_invalid"}
_OTHER_WORDS = {
    "extra_forbidden": "no such key, is it misspelt?",
    "missing": "expected a value, it is missing",
    "union_tag_not_found": "expected `kind`, which decides what else there is",
    "tuple_type": "expected a list; a table of one is written [[…]]",
}


def problems_of(found: Sequence[Any]) -> str:
    """The errors that pydantic found, with semicolons between.

    What came is told where it is short and can be no secret.
    """
    return "; ".join(_problem(one) for one in found)


def _problem(one: Any) -> str:
    where = ".".join(str(part) for part in one["loc"])
    said = _OTHER_WORDS.get(one["type"], one["msg"]).removeprefix("Value error, ")
    told = said if one["type"] in _SAID_BY_ITSELF else f"{said}{_got(where, one['input'])}"
    return f"{where}: {told}" if where else told


def _got(where: str, value: object) -> str:
    if not isinstance(value, str | int | float) or _SECRET.search(where):
        return ""
    text = repr(value)
    return "" if "@" in text or len(text) > _LONGEST else f", got {text}"
