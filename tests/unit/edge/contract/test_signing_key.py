"""Facts of the file that holds a signing key."""

from pathlib import Path

import pytest

from edge.contract.errors import SettingsInvalid
from edge.contract.signature import SigningKey


def test_of_two_processes_that_start_at_once_both_take_the_first_ones_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one found no file, and finds one when it writes."""
    path = tmp_path / "key.pem"
    first = SigningKey.load_or_create(path)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert SigningKey.load_or_create(path).public_text == first.public_text


def test_a_key_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsInvalid, match=r"file/key\.pem: a key cannot be made there"):
        SigningKey.load_or_create(tmp_path / "file" / "key.pem")


def test_only_its_owner_can_read_a_new_key(tmp_path: Path) -> None:
    SigningKey.load_or_create(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
