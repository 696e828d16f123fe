"""What a check of values found, in one line of words: the key, what was expected, what came."""

import re
from collections.abc import Sequence
from typing import Any

from edge.contract.sentences import sentence

__all__ = ["problems_of"]

_SECRET = re.compile(r"key|password|secret|token|csrf", re.IGNORECASE)
_LONGEST = 60
_SAID_BY_ITSELF = {"value_error", "missing", "extra_forbidden", "union_tag_invalid", "json_invalid"}
_WHOLE, _NUMBER = sentence("expected a whole number"), sentence("expected a number")
_TEXT, _YES_OR_NO = sentence("expected a text"), sentence("expected true or false")
_INSTANT = sentence("expected a date with a time, as 2026-03-02T08:00:00Z")
_LETTERS_MIN = sentence("expected a text of at least {0} characters")
_LETTERS_MAX = sentence("expected a text of at most {0} characters")
_ENTRIES_MIN = sentence("expected a list of at least {0} entries")
_ENTRIES_MAX = sentence("expected a list of at most {0} entries")
_ONE_OF = sentence("expected one of {0}")
_WORDS = {
    "extra_forbidden": sentence("no such key, is it misspelt?"),
    "missing": sentence("expected a value, it is missing"),
    "union_tag_not_found": "expected `kind`, which decides what else there is",
    "tuple_type": "expected a list; a table of one is written [[…]]",
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "bool_parsing": _YES_OR_NO,
    "bool_type": _YES_OR_NO,
    "string_type": _TEXT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "timezone_aware": _INSTANT,
}
_WORDS_WITH = {
    "string_too_short": (_LETTERS_MIN, "min_length"),
    "string_too_long": (_LETTERS_MAX, "max_length"),
    "too_short": (_ENTRIES_MIN, "min_length"),
    "too_long": (_ENTRIES_MAX, "max_length"),
    "string_pattern_mismatch": (sentence("expected a text that fits {0}"), "pattern"),
    "greater_than": (sentence("expected a number above {0}"), "gt"),
    "greater_than_equal": (sentence("expected a number of at least {0}"), "ge"),
    "less_than": (sentence("expected a number below {0}"), "lt"),
    "less_than_equal": (sentence("expected a number of at most {0}"), "le"),
    "literal_error": (_ONE_OF, "expected"),
    "enum": (_ONE_OF, "expected"),
}
"""Words for errors of pydantic that a person meets, and the entry of `ctx` that stands in them."""


def problems_of(found: Sequence[Any]) -> str:
    """The errors that pydantic found, with semicolons between.

    What came is told where it is short and can be no secret.
    """
    return "; ".join(_problem(one) for one in found)


def _problem(one: Any) -> str:
    where = ".".join(str(part) for part in one["loc"])
    said = _words(one)
    told = said if one["type"] in _SAID_BY_ITSELF else _with_value(said, where, one["input"])
    return f"{where}: {told}" if where else told


def _words(one: Any) -> str:
    if one["type"] in _WORDS_WITH:
        words, bound = _WORDS_WITH[one["type"]]
        value = one["ctx"][bound]
        return words.format(f"{value:g}" if isinstance(value, float) else value)
    return _WORDS.get(one["type"], str(one["msg"])).removeprefix("Value error, ")


def _with_value(said: str, where: str, value: object) -> str:
    if not isinstance(value, str | int | float) or _SECRET.search(where):
        return said
    text = repr(value)
    return said if "@" in text or len(text) > _LONGEST else sentence(f"{said}, got {text}")
