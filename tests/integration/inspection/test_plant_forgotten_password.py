"""`inspection users`, beside a running service: for somebody who cannot sign in, perhaps the only admin."""

import json
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from inspection.audit.log import verify
from inspection.cli import main
from inspection.people import command
from inspection.people.roles import Role
from inspection.people.users import change_user, user_from_elsewhere
from inspection.plant import Plant
from tests.support.plants import ADMIN_PASSWORD, API, Person, settings_file, sign_in

NEW = "a-new-password"


@pytest.fixture(name="settings")
def _settings(tmp_path: Path, plant: Plant) -> Path:
    return settings_file(tmp_path / "PLANT.toml", plant)


def _typed(monkeypatch: pytest.MonkeyPatch, text: str | bytes | None) -> None:
    """None closes stdin."""
    given = text if isinstance(text, bytes | None) else text.encode()
    monkeypatch.setattr(sys, "stdin", None if given is None else TextIOWrapper(BytesIO(given), encoding="utf-8"))


def test_the_only_admin_gets_a_new_password_and_every_browser_is_signed_out(
    client: TestClient,
    admin: Person,
    plant: Plant,
    settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _typed(monkeypatch, f"{NEW}\n")
    assert main(["users", "password", str(settings), "admin", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"name": "admin", "role": "admin", "disabled": False}
    assert admin.get("/me").status_code == 401
    wrong = {"name": "admin", "password": ADMIN_PASSWORD}
    assert client.post(f"{API}/login", json=wrong).status_code == 401
    rows = sign_in(client, "admin", NEW).get("/audit").json()
    row = next(row for row in rows if row["action"] == "user.changed")
    assert (row["actor"], json.loads(row["details"])["name"], NEW in str(rows)) == ("command line", "admin", False)
    with plant.database.read() as session:
        assert verify(session).broken_at is None


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("admn", f"{NEW}\n", "user 'admn': not known here, 2 others are"),
        ("sso:li.wei", f"{NEW}\n", "signs in elsewhere"),
        ("admin", "short\n", "expected a password of 10 to 200 characters, got 5"),
        ("admin", "", "expected a password of 10 to 200 characters, got 0"),
        ("admin", None, "on stdin, which is closed"),
        ("admin", "x" * 201, "got 201"),
        ("admin", "with-a-\0-byte\n", "without zero bytes"),
        ("admin", b"\xff\xfe-bytes-of-no-text\n", "in UTF-8"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(  # noqa: PLR0913, PLR0917 - fixtures
    admin: Person,
    plant: Plant,
    settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    typed: str | bytes | None,
    expected: str,
) -> None:
    with plant.database.write() as session:
        user_from_elsewhere(session, "li.wei", Role.ADMIN, plant.clock())
    _typed(monkeypatch, typed)
    assert main(["users", "password", str(settings), name]) == 2
    assert expected in capsys.readouterr().err
    assert admin.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("typed", "code", "expected"),
    [
        ([NEW, NEW], 0, ""),
        ([NEW, "another-password"], 2, "the same password twice"),
        (["short"], 2, "got 5"),
        ([], 2, ""),
    ],
)
def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(  # noqa: PLR0913, PLR0917 - fixtures
    client: TestClient,
    settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
    code: int,
    expected: str,
) -> None:
    del client
    answers = iter(typed)

    def getpass(prompt: str) -> str:
        """A person at a terminal, who leaves when there is nothing more to say."""
        assert "admin" in prompt or prompt == "once more: "
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(command, "getpass", getpass)
    assert main(["users", "password", str(settings), "admin"]) == code
    assert expected in capsys.readouterr().err


@pytest.fixture(name="disabled")
def _disabled(client: TestClient, admin: Person, plant: Plant) -> None:
    """The admin was disabled by another one, who has left the company's admins since: nobody else is there."""
    del client
    with plant.database.write() as session:
        user_from_elsewhere(session, "li.wei", Role.ADMIN, plant.clock())
        change_user(session, "admin", disabled=True)
        user_from_elsewhere(session, "li.wei", Role.OPERATOR, plant.clock())
    assert admin.get("/me").status_code == 401


@pytest.mark.usefixtures("disabled")
def test_a_disabled_only_admin_is_enabled_again(
    client: TestClient, plant: Plant, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["users", "enable", str(settings), "admin", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"name": "admin", "role": "admin", "disabled": False}
    rows = sign_in(client).get("/audit").json()
    row = next(row for row in rows if row["action"] == "user.changed")
    details = {"name": "admin", "role": None, "disabled": False, "password": False}
    assert (row["actor"], json.loads(row["details"])) == ("command line", details)
    with plant.database.read() as session:
        assert verify(session).broken_at is None
    assert main(["users", "enable", str(settings), "admn"]) == 2
    assert "user 'admn': not known here, 2 others are" in capsys.readouterr().err


@pytest.mark.usefixtures("disabled")
def test_a_new_password_where_no_admin_is_left(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _typed(monkeypatch, f"{NEW}\n")
    assert main(["users", "password", str(settings), "admin"]) == 0
