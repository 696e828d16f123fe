"""Every text of the pages has a translation, and a person gets the language that was asked for."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from starlette.requests import Request

import inspection.web
from inspection.web.language import CATALOGUES, COOKIE, LANGUAGES, language_of

WEB = Path(inspection.web.__file__).parent
ROOT = WEB.parents[1]
KEYWORDS = {"_": None, "t": None, "rich": None, "n": (1, 2)}
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def _texts() -> set[str | tuple[str, ...]]:
    with (WEB / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, method_map=methods, options_map=options, keywords=KEYWORDS)
    return {tuple(text) if isinstance(text, (tuple, list)) else text for _, _, text, _, _ in found}


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


def _request(cookie: str = "", accept: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    return Request({"type": "http", "headers": [(name, value) for name, value in headers if value]})


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_text_is_missing_and_none_is_left_over(code: str) -> None:
    """`make messages` brings the catalogue up to date; then translate what is empty."""
    with (CATALOGUES / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = [message for message in read_po(file, locale=code) if message.id]
    assert {tuple(m.id) if isinstance(m.id, (tuple, list)) else m.id for m in catalogue} == _texts()
    for message in catalogue:
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        original = message.id if isinstance(message.id, str) else message.id[1]
        assert all(forms), f"no translation of {message.id!r}"
        assert not message.fuzzy, f"{message.id!r} is marked as to be checked"
        assert all(_places(form) == _places(original) for form in forms), f"other placeholders than {message.id!r}"


def test_texts_are_where_the_extractor_sees_them() -> None:
    """It does not look into template strings."""
    hidden = [
        file.name for file in WEB.glob("static/*.js") if re.search(r"\$\{\s*(t|n|rich)\(", file.read_text("utf-8"))
    ]
    assert hidden == []


@pytest.mark.parametrize(
    ("cookie", "accept", "code"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "en-US,zh;q=0.5", "en"),
        ("", "zh;q=0.2,en;q=0.8", "en"),
        ("", "fr-FR", "en"),
        ("", "zh;q=high,;;,en", "en"),
        (f"{COOKIE}=zh", "en", "zh"),
        (f"{COOKIE}=../../etc", "zh", "zh"),
    ],
)
def test_language_of_a_request(cookie: str, accept: str, code: str) -> None:
    assert language_of(_request(cookie, accept)).code == code


def test_a_text_without_translation_stays_english() -> None:
    language = language_of(_request(accept="zh"))
    assert language("Live") == "实时"
    assert language("no such text") == "no such text"
    assert language.others == (("en", "English"),)


def test_the_audit_log_has_words_for_every_action() -> None:
    """An administrator reads what was done, not how the service names it."""
    recorded = {
        name
        for file in WEB.parent.rglob("*.py")
        for name in re.findall(r'record\(\s*"(\w+\.\w+)"', file.read_text("utf-8"))
    }
    told = set(re.findall(r'^  "(\w+\.\w+)": t\(', (WEB / "static/audit_words.js").read_text("utf-8"), re.MULTILINE))
    assert len(recorded) > 20
    assert recorded - told == set()


def test_one_table_drives_the_keys() -> None:
    """What listens by itself does not come into the sheet."""
    listening = {file.name for file in WEB.glob("static/*.js") if '"keydown"' in file.read_text("utf-8")}
    assert listening == {"keys.js"}
