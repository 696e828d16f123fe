"""Facts of the spool's store, on a real SQLite file."""

from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path

import pytest

from edge.contract.errors import SettingsInvalid, SpoolFull
from edge.contract.frame import EncodedImage
from edge.contract.result import ImageKind, ImageRef
from edge.spool.store import Record, Spool
from tests.support.edge_fakes import result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool.sqlite"


def record(sequence: int, image: bytes | None = None) -> Record:
    """A result, with one frame if given."""
    if image is None:
        return Record(result(sequence))
    digest = sha256(image).hexdigest()
    ref = ImageRef(kind=ImageKind.FRAME, sha256=digest, media_type="image/png", size_bytes=len(image))
    return Record(result(sequence, images=(ref,)), {digest: EncodedImage(image, "image/png")})


def test_what_was_appended_comes_back_oldest_first(path: Path) -> None:
    spool = Spool(path, 8)
    records = [record(1), record(2, b"image"), record(3)]
    spool.append(records)
    assert spool.oldest(2) == [records[0].result, records[1].result]
    (digest,) = records[1].images
    assert spool.image(digest) == EncodedImage(b"image", "image/png")
    spool.close()


def test_it_survives_closing_and_opening(path: Path) -> None:
    spool = Spool(path, 8)
    spool.append([record(5, b"image")])
    spool.close()
    again = Spool(path, 8)
    assert [r.sequence for r in again.oldest(10)] == [5]
    assert again.counts().images == 1
    again.close()


def test_appending_twice_stores_once(path: Path) -> None:
    spool = Spool(path, 8)
    same = record(1, b"image")
    spool.append([same])
    spool.append([same])
    assert (spool.counts().results, spool.counts().images) == (1, 1)
    spool.close()


def test_the_sequence_number_outlives_its_result(path: Path) -> None:
    """Uploaded results are deleted; their numbers are never given again."""
    spool = Spool(path, 8)
    uploaded = record(9)
    spool.append([uploaded, record(3)])
    spool.delete([uploaded.result.id])
    spool.close()
    again = Spool(path, 8)
    assert again.last_sequence() == 9
    again.close()


def test_an_image_of_two_results_stays_until_both_are_gone(path: Path) -> None:
    spool = Spool(path, 8)
    first, second = record(1, b"same"), record(2, b"same")
    spool.append([first, second])
    spool.delete([first.result.id])
    assert spool.counts().images == 1
    spool.delete([second.result.id])
    assert spool.counts().images == 0
    spool.close()


def test_a_full_spool_says_so_and_stores_nothing_of_it(path: Path) -> None:
    """SQLite itself refuses: the limit is its page count."""
    spool = Spool(path, 0.25)
    with pytest.raises(SpoolFull, match="full"):
        spool.append([record(1), record(2, bytes(400_000))])
    assert spool.counts().results == 0
    spool.append([record(3)])
    assert spool.counts().results == 1
    assert spool.counts().used_bytes <= 0.25 * 2**20
    spool.close()


def test_giving_up_images_starts_with_the_oldest_and_keeps_the_results(path: Path) -> None:
    """A result then no longer promises the image."""
    spool = Spool(path, 8)
    spool.append([record(1), record(2, b"old"), record(3, b"new")])
    assert spool.give_up_images(1) == 1
    assert [len(r.images) for r in spool.oldest(10)] == [0, 0, 1]
    assert spool.give_up_images(5) == 1
    assert spool.give_up_images(5) == 0
    spool.close()


def test_giving_up_images_makes_room_where_many_results_show_the_same(path: Path) -> None:
    """All pictures of a frozen camera are one, which goes with its newest result."""
    spool = Spool(path, 4)
    spool.append([record(n, b"the same") for n in range(1, 51)])
    spool.append([record(51, b"another"), record(52, b"one more")])
    assert spool.give_up_images(2) == 2
    assert spool.give_up_images(1) == 1
    assert (spool.counts().images, spool.counts().results) == (0, 52)


def test_an_image_goes_after_those_that_no_newer_result_shows(path: Path) -> None:
    spool = Spool(path, 4)
    spool.append([record(1, b"the same"), record(2, b"another"), record(3, b"the same")])
    assert spool.give_up_images(1) == 1
    assert [len(result.images) for result in spool.oldest(3)] == [1, 0, 1]


def test_a_quarantined_result_blocks_nobody_and_is_kept(path: Path) -> None:
    spool = Spool(path, 8)
    bad, good = record(1, b"image"), record(2)
    spool.append([bad, good])
    spool.quarantine(bad.result.id, "422 nonsense")
    assert spool.oldest(10) == [good.result]
    assert (spool.counts().results, spool.counts().quarantined, spool.counts().images) == (1, 1, 1)
    spool.release_quarantined()
    assert spool.oldest(10) == [bad.result, good.result]
    spool.close()


def test_expiring_takes_the_oldest(path: Path) -> None:
    spool = Spool(path, 8)
    spool.append([record(n) for n in range(1, 5)])
    assert spool.expire(3) == 3
    assert [r.sequence for r in spool.oldest(10)] == [4]
    spool.close()


def test_a_damaged_file_is_put_aside_and_the_station_starts(path: Path) -> None:
    """A broken disk block must not stop the line."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database " * 1000)
    spool = Spool(path, 8)
    spool.append([record(1)])
    assert path.with_name("spool.sqlite.damaged").exists()
    spool.close()


def test_a_second_damaged_file_takes_no_place_of_the_first(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is kept for who wants to look stays, and the log says where it is."""
    path.parent.mkdir()
    for broken in (b"first broken file " * 1000, b"second broken file " * 1000):
        path.write_bytes(broken)
        Spool(path, 8).close()
    assert path.with_name("spool.sqlite.damaged").read_bytes().startswith(b"first")
    assert path.with_name("spool.sqlite.damaged2").read_bytes().startswith(b"second")
    assert "spool.sqlite.damaged2, a new one begins" in caplog.text


def test_a_file_that_somebody_else_holds_is_not_put_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is whole: its results are still to come to the plant."""
    waiting = Spool(path, 8)
    waiting.append([record(1)])
    monkeypatch.setattr("edge.spool.store._PATIENCE_S", 0)
    with pytest.raises(SettingsInvalid, match="database is locked"):
        Spool(path, 8)
    waiting.close()
    again = Spool(path, 8)
    assert [r.sequence for r in again.oldest(10)] == [1]
    again.close()


def test_it_opens_where_the_disk_has_no_room_for_a_file_in_shared_memory(path: Path) -> None:
    """A station that is started again on a full disk goes on with what waits. Source: SQLite, WAL, 8."""
    spool = Spool(path, 8)
    spool.append([record(1)])
    assert {file.name for file in path.parent.iterdir()} == {"spool.sqlite", "spool.sqlite-wal"}
    spool.close()


class FullDisk(Spool):
    """Takes no change."""

    def _transaction(self) -> AbstractContextManager[None]:
        raise SpoolFull("disk is full")


def test_what_was_set_aside_stays_so_where_the_disk_is_full(path: Path) -> None:
    """The station starts all the same."""
    spool = Spool(path, 8)
    refused = record(1)
    spool.append([refused])
    spool.quarantine(refused.result.id, "too odd")
    spool.close()
    full = FullDisk(path, 8)
    full.release_quarantined()
    assert full.counts().quarantined == 1
    full.close()


def test_a_commit_waits_for_the_disk(path: Path) -> None:
    """Plants lose power: WAL alone would lose the last results. Source: SQLite, PRAGMA synchronous, 2 = FULL."""
    spool = Spool(path, 8)
    assert spool._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert spool._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    spool.close()
