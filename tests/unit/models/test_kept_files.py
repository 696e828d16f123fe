"""Files that are kept for a later run: whole, and within a limit."""

import os
from pathlib import Path

import pytest

from models.kept_files import trim, write_whole


def test_a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    for data in (b"first", b"second"):
        write_whole(folder / "file", data)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"file": b"second"}


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="none"):
        write_whole(Path("/proc/none/file"), b"")


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    for age, name in enumerate(["newest", "older", "oldest"]):
        write_whole(tmp_path / name, bytes(10))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    trim(tmp_path, 20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newest", "older"]
