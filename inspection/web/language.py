"""The language of a page: what the person chose, else what the browser asks for, else English."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from starlette.requests import Request

__all__ = ["CATALOGUES", "COOKIE", "LANGUAGES", "Language", "language_of"]

COOKIE = "inspection_language"
CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "zh")
"""English is what the code says; each other language has a catalogue in `locale/<code>/LC_MESSAGES/messages.po`."""


@dataclass(frozen=True)
class Language:
    """One language of the pages.

    Attributes:
        code: for `<html lang>` and the cookie.
        messages: text by English text; a text with a count has a list of plural forms.
    """

    code: str
    messages: dict[str, str | list[str]]

    def __call__(self, text: str) -> str:
        """The text in this language; the English one where the catalogue has none."""
        found = self.messages.get(text, text)
        return found if isinstance(found, str) else found[0]

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """Code and own name of the languages to switch to."""
        return tuple((code, Locale(code).get_display_name(code) or code) for code in LANGUAGES if code != self.code)


def language_of(request: Request) -> Language:
    """Read the cookie, then `Accept-Language`."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return _language(chosen)
    return _language(negotiate_locale(_wanted(request), LANGUAGES, sep="-") or "en")


def _wanted(request: Request) -> list[str]:
    """Languages the browser names, best first (RFC 9110, section 12.5.4)."""
    weighted: list[tuple[float, str]] = []
    for part in request.headers.get("Accept-Language", "").split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), name))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighted, key=lambda entry: entry[0]) if weight < 0]


@cache
def _language(code: str) -> Language:
    if code == "en":
        return Language(code, {})
    with (CATALOGUES / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return Language(code, dict(_texts(read_po(file, locale=code))))


def _texts(catalogue: Catalog) -> list[tuple[str, str | list[str]]]:
    texts: list[tuple[str, str | list[str]]] = []
    for message in catalogue:
        if not message.id or message.fuzzy or not message.string:
            continue
        if isinstance(message.id, str):
            texts.append((message.id, str(message.string)))
        else:
            texts.append((message.id[0], list(message.string)))
    return texts
