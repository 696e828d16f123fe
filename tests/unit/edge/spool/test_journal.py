"""Facts of the journal between verdict and spool."""

import errno
import os
import signal
from pathlib import Path

import pytest

from edge.contract.errors import SettingsInvalid
from edge.spool.journal import Journal
from tests.support.edge_fakes import result


def test_what_was_not_released_is_there_after_kill_9(tmp_path: Path) -> None:
    """A child process writes, and dies without closing anything."""
    results = [result(n) for n in range(1, 6)]
    child = os.fork()
    if child == 0:
        journal = Journal(tmp_path / "journal")
        for item in results:
            journal.put(item)
        journal.release([results[1].id])
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    journal = Journal(tmp_path / "journal")
    assert journal.left() == [results[n] for n in (0, 2, 3, 4)]
    journal.release([r.id for r in journal.left()])
    journal.close()
    assert Journal(tmp_path / "journal").left() == []


def test_slots_are_used_again_and_a_full_journal_is_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", slots=2)
    first, second, third = (result(n) for n in (1, 2, 3))
    for item in (first, second, third):
        journal.put(item)
    assert journal.missed == 1
    journal.release([first.id, third.id])
    journal.put(third)
    journal.close()
    assert Journal(tmp_path / "journal", slots=2).left() == [second, third]


def test_the_longest_result_fits_into_a_slot(tmp_path: Path) -> None:
    """Every text at its limit, three bytes a character."""
    journal = Journal(tmp_path / "journal", slots=1)
    wide = "\u4e00"
    longest = result(1, reason=wide * 500, source=wide * 300, part_id=wide * 128, station=wide * 64, recipe=wide * 64)
    journal.put(longest)
    assert journal.missed == 0
    journal.close()
    assert Journal(tmp_path / "journal", slots=1).left() == [longest]


def test_a_damaged_file_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"\x07\x00\x00\x00nonsense" * 1000)
    journal = Journal(tmp_path / "journal", slots=4)
    assert journal.left() == []
    journal.put(result(1))
    journal.close()
    assert len(Journal(tmp_path / "journal", slots=4).left()) == 1


def test_on_a_full_disk_the_line_goes_on_without_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    journal = Journal(tmp_path / "journal")
    journal.put(result(1))
    journal.release(["x"])
    assert (journal.left(), journal.missed) == ([], 1)
    journal.close()


def test_every_page_is_on_the_disk_before_it_is_used(tmp_path: Path) -> None:
    """A hole of a full disk would end the process with SIGBUS."""
    Journal(tmp_path / "journal", slots=16).close()
    assert (tmp_path / "journal").stat().st_blocks * 512 >= 16 * 4096


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    with pytest.raises(SettingsInvalid, match="journal"):
        Journal(tmp_path / "journal")
