"""Facts of the spool's writer; the disk that is full is a real one, only small."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from edge.contract.errors import SpoolFull
from edge.contract.frame import EncodedImage
from edge.contract.result import ImageKind, ImageRef
from edge.spool.journal import Journal
from edge.spool.store import Record, Spool
from edge.spool.writer import SpoolWriter
from tests.support.edge_fakes import eventually, result

SMALL_MB = 0.25


def record(sequence: int, size: int = 0) -> Record:
    """A result; with an image of `size` bytes unless 0."""
    if size == 0:
        return Record(result(sequence))
    digest = f"{sequence:064x}"
    ref = ImageRef(kind=ImageKind.FRAME, sha256=digest, media_type="image/png", size_bytes=size)
    return Record(result(sequence, images=(ref,)), {digest: EncodedImage(bytes(size), "image/png")})


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite", SMALL_MB)
    yield spool
    spool.close()


def test_everything_put_is_stored_in_order(small: Spool) -> None:
    writer = SpoolWriter(small, waiting_mb=1)
    writer.worker.start()
    for sequence in range(1, 101):
        writer.put(record(sequence))
    writer.stop()
    assert [r.sequence for r in small.oldest(200)] == list(range(1, 101))


def test_a_full_disk_gives_up_images_and_keeps_every_result(small: Spool) -> None:
    """Thirty images of 40 kB do not fit into 256 kB; thirty results do."""
    writer = SpoolWriter(small, waiting_mb=64)
    writer.worker.start()
    for sequence in range(1, 31):
        writer.put(record(sequence, 40_000))
    writer.stop()
    counts = small.counts()
    assert counts.results == 30
    assert counts.images + writer.status().images_given_up == 30
    assert 0 < writer.status().images_given_up < 30
    assert sum(len(r.images) for r in small.oldest(100)) == counts.images


def test_results_wait_in_memory_until_the_disk_has_room(small: Spool) -> None:
    """Full of results only, there is nothing to give up: they wait, and nothing is lost."""
    writer = SpoolWriter(small, waiting_mb=1, retry_s=0.01)
    writer.worker.start()
    total = 600
    for sequence in range(1, total + 1):
        writer.put(record(sequence))
    eventually(lambda: writer.status().full)
    stored = small.counts().results
    assert stored + writer.status().backlog <= total
    seen: list[int] = []
    while len(seen) < total:
        eventually(lambda: small.counts().results > 0)
        uploaded = small.oldest(50)
        seen += [r.sequence for r in uploaded]
        small.delete([r.id for r in uploaded])
    assert seen == list(range(1, total + 1))
    eventually(lambda: writer.status().backlog == 0)
    assert not writer.status().full
    writer.stop()


class FullDisk(Spool):
    """A disk without one free byte: nothing can be written, and nothing deleted either, while it is full."""

    full = True

    def append(self, records: Sequence[Record]) -> None:
        """Refuse, or store."""
        if self.full:
            raise SpoolFull("disk is full")
        super().append(records)

    def give_up_images(self, images: int) -> int:
        """Refuse, or delete."""
        if self.full:
            raise SpoolFull("disk is full")
        return super().give_up_images(images)


def test_a_disk_on_which_not_even_deleting_works_loses_no_result(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They wait in memory, in their order, the log says so once, and the thread does not stumble."""
    disk = FullDisk(tmp_path / "spool.sqlite", SMALL_MB)
    writer = SpoolWriter(disk, waiting_mb=1, retry_s=0.001)
    writer.worker.start()
    for sequence in range(1, 201):
        writer.put(record(sequence))
    eventually(lambda: writer.status().full)
    disk.full = False
    eventually(lambda: writer.status().backlog == 0)
    writer.stop()
    assert [r.sequence for r in disk.oldest(500)] == list(range(1, 201))
    assert writer.worker.faults == 0
    assert caplog.text.count("results wait in memory") == 1
    disk.close()


def test_without_a_plant_the_newest_results_take_the_place_of_the_oldest(small: Spool) -> None:
    """Nobody collects them; memory must not grow for ever."""
    writer = SpoolWriter(small, waiting_mb=1, ring=True)
    writer.worker.start()
    for sequence in range(1, 601):
        writer.put(record(sequence))
    eventually(lambda: writer.status().backlog == 0)
    writer.stop()
    kept = [r.sequence for r in small.oldest(1000)]
    assert kept[-1] == 600
    assert writer.status().results_expired == 600 - len(kept)
    assert small.last_sequence() == 600


def test_images_that_wait_in_memory_are_bounded_and_counted(small: Spool) -> None:
    """The writer is not started: everything waits."""
    writer = SpoolWriter(small, waiting_mb=0.1)
    for sequence in range(1, 6):
        writer.put(record(sequence, 40_000))
    assert writer.status().backlog == 5
    assert writer.status().images_given_up == 3


def test_stopping_stores_what_still_waits(small: Spool) -> None:
    writer = SpoolWriter(small, waiting_mb=1)
    for sequence in range(1, 201):
        writer.put(record(sequence))
    writer.stop()
    assert small.counts().results == 200


def test_what_the_next_start_finds_in_the_journal_is_not_told_to_be_lost(
    small: Spool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full at the end, and results in the journal and beyond it."""
    journal = Journal(tmp_path / "journal", slots=2)
    writer = SpoolWriter(small, waiting_mb=1, stored=journal.release, held=journal.holds)
    small.append = _no_room  # type: ignore[method-assign]
    results = [record(sequence) for sequence in (1, 2, 3)]
    for item in results:
        journal.put(item.result)
        writer.put(item)
    writer.stop()
    journal.close()
    lost = [message for message in caplog.messages if "result lost" in message]
    assert [results[2].result.id in message for message in lost] == [True]
    assert "spool full at the end: 2 results stay in the journal for the next start" in caplog.messages
    assert [left.sequence for left in Journal(tmp_path / "journal", slots=2).left()] == [1, 2]


def _no_room(_: Sequence[Record]) -> None:
    raise SpoolFull("no room")
