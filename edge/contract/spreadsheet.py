"""Text in a table that a spreadsheet opens: what it would run as a formula becomes text."""

__all__ = ["UTF8_MARK", "as_text_only"]

UTF8_MARK = "\ufeff"
"""How a table begins for a spreadsheet: without it Excel takes letters beyond ASCII for others."""

_RUN = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet takes for a formula. Source: OWASP, CSV injection."""


def as_text_only(value: object) -> object:
    """The cell with an apostrophe before such a text; everything else, numbers among it, as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value
