"""Marks what the software says to people, for the translators of the pages."""

__all__ = ["sentence"]


def sentence(text: str) -> str:
    """The text as it is. Translators find what is written inside, with the place of each value in an f-string."""
    return text
