"""Users, sessions, sign-in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from time import sleep

import pytest
from argon2 import Type, extract_parameters
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotAllowed, NotSignedIn, SettingsInvalid, TooManyAttempts
from inspection.people import users
from inspection.people.roles import Role
from inspection.people.sessions import check_csrf, close_all_sessions, csrf_token, open_session, person_of
from inspection.people.throttle import LoginThrottle
from inspection.people.users import add_user, authenticate, change_user, ensure_admin
from inspection.store.database import Database
from inspection.store.tables import SessionRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(name="session")
def _session(tmp_path: Path) -> Iterator[Session]:
    database = Database(tmp_path / "plant.sqlite3")
    with database.write() as session:
        add_user(session, "ann", "ann's password", Role.ADMIN, NOW)
        yield session
    database.close()


def test_roles_cover_those_before_them() -> None:
    assert [Role.ENGINEER.covers(role) for role in Role] == [True, True, True, False]


def test_password_is_stored_as_argon2_and_dear_to_guess(session: Session) -> None:
    """At least what OWASP's password storage cheat sheet asks for: Argon2id, 19 MiB, two passes."""
    stored = extract_parameters(authenticate(session, "ann", "ann's password").password_hash)
    assert stored.type is Type.ID
    assert stored.memory_cost >= 19 * 1024
    assert stored.time_cost >= 2


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("bob", "ann's password")])
def test_wrong_name_and_wrong_password_answer_the_same(session: Session, name: str, password: str) -> None:
    with pytest.raises(NotSignedIn, match=r"^name or password is wrong$"):
        authenticate(session, name, password)


def test_no_more_than_two_passwords_are_tried_at_once(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 64 MiB of memory, and anybody on the network may send one."""
    session.commit()
    hasher = _CountingHasher()
    monkeypatch.setattr(users, "_HASHER", hasher)
    database = Database(tmp_path / "plant.sqlite3")

    def sign_in(_: int) -> None:
        with database.read() as reading, pytest.raises(NotSignedIn):
            authenticate(reading, "ann", "wrong")

    with ThreadPoolExecutor(8) as people:
        list(people.map(sign_in, range(16)))
    database.close()
    assert hasher.tried == 16
    assert hasher.most <= 2


class _CountingHasher:
    """Knows how many tried at once, and takes as long as makes them meet."""

    def __init__(self) -> None:
        self.tried, self.most, self._now = 0, 0, 0
        self._lock = Lock()

    def verify(self, _hash: str, _password: str) -> bool:
        """Never fits."""
        with self._lock:
            self.tried, self._now = self.tried + 1, self._now + 1
            self.most = max(self.most, self._now)
        sleep(0.05)
        with self._lock:
            self._now -= 1
        return False


def test_disabled_user_cannot_sign_in(session: Session) -> None:
    add_user(session, "bob", "bob's password", Role.OPERATOR, NOW)
    change_user(session, "bob", disabled=True)
    with pytest.raises(NotSignedIn):
        authenticate(session, "bob", "bob's password")


def test_last_admin_stays(session: Session) -> None:
    with pytest.raises(Conflict, match="last active admin"):
        change_user(session, "ann", role=Role.OPERATOR)


def test_name_is_taken_once(session: Session) -> None:
    with pytest.raises(Conflict, match="'ann'"):
        add_user(session, "ann", "other password", Role.OPERATOR, NOW)


def test_database_holds_only_the_hash_of_a_token(session: Session) -> None:
    token = open_session(session, authenticate(session, "ann", "ann's password"), NOW, HOUR)
    assert person_of(session, token, NOW).name == "ann"
    assert session.get(SessionRow, token) is None


def test_session_expires(session: Session) -> None:
    token = open_session(session, authenticate(session, "ann", "ann's password"), NOW, HOUR)
    with pytest.raises(NotSignedIn):
        person_of(session, token, NOW + HOUR)


def test_all_sessions_of_a_user_can_be_closed(session: Session) -> None:
    user = authenticate(session, "ann", "ann's password")
    token = open_session(session, user, NOW, HOUR)
    close_all_sessions(session, user)
    with pytest.raises(NotSignedIn):
        person_of(session, token, NOW)


def test_csrf_token_belongs_to_one_session() -> None:
    check_csrf("one", csrf_token("one"))
    for given in (None, "", csrf_token("two"), "é"):
        with pytest.raises(NotAllowed):
            check_csrf("one", given)


def _tries(throttle: LoginThrottle, times: int, *, address: str = "10.0.0.1", at: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn), throttle.attempt("ann", address, lambda: at):
            raise NotSignedIn("wrong")


def _signs_in(throttle: LoginThrottle, *, at: datetime = NOW) -> None:
    with throttle.attempt("ann", "10.0.0.1", lambda: at):
        pass


def test_five_failures_close_the_door_for_a_minute() -> None:
    throttle = LoginThrottle()
    _tries(throttle, 5)
    with pytest.raises(TooManyAttempts):
        _signs_in(throttle)
    _tries(throttle, 1, address="10.0.0.2")
    _signs_in(throttle, at=NOW + timedelta(minutes=1))


def test_success_forgets_failures() -> None:
    throttle = LoginThrottle()
    _tries(throttle, 4)
    _signs_in(throttle)
    _tries(throttle, 4)
    _signs_in(throttle)


def test_what_is_no_answer_to_a_password_counts_as_no_failure() -> None:
    throttle = LoginThrottle()
    for _ in range(6):
        with pytest.raises(OSError), throttle.attempt("ann", "10.0.0.1", lambda: NOW):  # noqa: PT011
            raise OSError
    _signs_in(throttle)


def test_admin_is_made_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.sqlite3")
    with database.write() as session:
        password = ensure_admin(session, None, NOW)
        assert password is not None
        assert authenticate(session, "admin", password).role == Role.ADMIN
        assert ensure_admin(session, None, NOW) is None
    database.close()


def test_the_mark_at_the_beginning_of_a_file_is_no_part_of_the_password(tmp_path: Path) -> None:
    """Editors under Windows write it, and nobody sees it."""
    file = tmp_path / "password"
    file.write_bytes("\N{BYTE ORDER MARK}a good password\r\n".encode())
    database = Database(tmp_path / "new.sqlite3")
    with database.write() as session:
        ensure_admin(session, file, NOW)
        assert authenticate(session, "admin", "a good password").role == Role.ADMIN
    database.close()


def test_a_password_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """PowerShell writes UTF-16."""
    database = Database(tmp_path / "new.sqlite3")
    (tmp_path / "password").write_text("a good password", "utf-16")
    with pytest.raises(SettingsInvalid, match="password: 'utf-8' codec"), database.write() as session:
        ensure_admin(session, tmp_path / "password", NOW)
    database.close()


def test_a_password_file_with_which_nobody_could_sign_in_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "new.sqlite3")
    for password, came in (("short\n", "got 5"), ("x" * 201, "got 201")):
        (tmp_path / "password").write_text(password, "utf-8")
        with pytest.raises(SettingsInvalid, match=f"of 10 to 200 characters, {came}"), database.write() as session:
            ensure_admin(session, tmp_path / "password", NOW)
    with pytest.raises(SettingsInvalid, match="missing"), database.write() as session:
        ensure_admin(session, tmp_path / "missing", NOW)
    database.close()
