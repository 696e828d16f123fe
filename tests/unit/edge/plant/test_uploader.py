"""Facts of the uploader, against a plant in memory."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest

from edge.backoff import Backoff
from edge.contract.errors import PlantBusy, PlantRefused, PlantUnreachable, SpoolFull
from edge.contract.frame import EncodedImage
from edge.contract.link import IngestBatch, IngestReceipt
from edge.contract.result import ImageKind, ImageRef
from edge.plant.uploader import Uploader
from edge.spool.store import Record, Spool
from tests.support.edge_fakes import FakePlant, eventually, result


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool.sqlite", 16)
    yield made
    made.close()


@pytest.fixture
def plant() -> FakePlant:
    return FakePlant()


def fill(spool: Spool, count: int) -> list[Record]:
    """Results 1 to `count`, each with one image of its own."""
    return fill_more(spool, range(1, count + 1))


def fill_more(spool: Spool, sequences: range) -> list[Record]:
    """Results of these numbers."""
    records = []
    for sequence in sequences:
        data = b"image %d" % sequence
        digest = sha256(data).hexdigest()
        ref = ImageRef(kind=ImageKind.FRAME, sha256=digest, media_type="image/png", size_bytes=len(data))
        records.append(Record(result(sequence, images=(ref,)), {digest: EncodedImage(data, "image/png")}))
    spool.append(records)
    return records


def uploader(plant: FakePlant, spool: Spool, batch_size: int = 4, first_s: float = 0.0) -> Uploader:
    return Uploader(plant, spool, batch_size, Backoff(first_s, first_s))


def test_results_go_first_then_their_images_then_the_spool_is_empty(plant: FakePlant, spool: Spool) -> None:
    records = fill(spool, 10)
    made = uploader(plant, spool)
    while made.upload_once():
        pass
    assert list(plant.results) == [r.result.id for r in records]
    assert plant.images == {digest: image for r in records for digest, image in r.images.items()}
    assert (spool.counts().results, spool.counts().images) == (0, 0)
    assert (made.status().results, made.status().images) == (10, 10)


def test_nothing_is_deleted_before_its_image_arrived(plant: FakePlant, spool: Spool) -> None:
    """The plant goes away between a result and its image: both come again."""
    fill(spool, 1)
    made = uploader(plant, spool)
    plant.fail = []
    original = plant.put_image
    plant.put_image = lambda *_: (_ for _ in ()).throw(PlantUnreachable("gone"))
    with pytest.raises(PlantUnreachable):
        made.upload_once()
    assert (spool.counts().results, spool.counts().images) == (1, 1)
    plant.put_image = original
    made.upload_once()
    assert len(plant.arrivals) == 2
    assert (len(plant.results), len(plant.images), spool.counts().results) == (1, 1, 0)


def test_one_bad_record_cannot_block_the_rest(plant: FakePlant, spool: Spool) -> None:
    """The batch is cut in halves until it stands alone; it is set aside and kept."""
    fill(spool, 8)
    plant.poison = {"part-3"}
    made = uploader(plant, spool, batch_size=8)
    while made.upload_once():
        pass
    assert sorted(r.sequence for r in plant.results.values()) == [1, 2, 4, 5, 6, 7, 8]
    counts = spool.counts()
    assert (counts.results, counts.quarantined, counts.images) == (0, 1, 1)


def test_a_refused_image_sets_its_result_aside_and_the_others_go(plant: FakePlant, spool: Spool) -> None:
    records = fill(spool, 3)
    plant.poisoned_images = set(records[1].images)
    made = uploader(plant, spool)
    made.upload_once()
    assert spool.counts().quarantined == 1
    assert len(plant.images) == 2


def test_a_refusal_that_concerns_all_sets_nothing_aside(plant: FakePlant, spool: Spool) -> None:
    """A wrong key is no reason to give up records."""
    fill(spool, 4)
    plant.fail = [PlantRefused("401 unknown key")]
    made = uploader(plant, spool)
    with pytest.raises(PlantRefused):
        made.upload_once()
    assert (spool.counts().results, spool.counts().quarantined) == (4, 0)


def test_an_image_that_was_given_up_is_counted_and_its_result_goes(plant: FakePlant, spool: Spool) -> None:
    """The plant heard of the image in an earlier try."""
    records = fill(spool, 1)
    plant.results = {}
    original = plant.ingest

    def ingest(batch: object) -> object:
        receipt = original(batch)
        spool.give_up_images(10)
        return receipt

    plant.ingest = ingest
    made = uploader(plant, spool)
    made.upload_once()
    assert made.status().images_missing == 1
    assert list(plant.results) == [records[0].result.id]
    assert spool.counts().results == 0


def test_the_thread_goes_on_after_the_plant_came_back(plant: FakePlant, spool: Spool) -> None:
    fill(spool, 3)
    plant.fail = [PlantUnreachable("down"), PlantUnreachable("down"), PlantRefused("403 not yet")]
    made = uploader(plant, spool)
    made.worker.start()
    eventually(lambda: spool.counts().results == 0)
    made.worker.stop()
    assert made.worker.faults == 0
    assert made.status().last_error is None


class NarrowPlant(FakePlant):
    """Behind a network that lets no more than `most` results through at once."""

    most = 2

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def ingest(self, batch: IngestBatch) -> IngestReceipt:
        """Store what is small enough."""
        self.sizes.append(len(batch.results))
        if len(batch.results) > self.most:
            raise PlantUnreachable("timed out")
        return super().ingest(batch)


def test_a_batch_that_never_gets_through_is_sent_in_smaller_ones(spool: Spool) -> None:
    """And in larger ones again once these do: half after a failure, twice after a success."""
    plant = NarrowPlant()
    fill(spool, 8)
    made = uploader(plant, spool, batch_size=8)
    made.worker.start()
    eventually(lambda: spool.counts().results == 0)
    assert plant.sizes[:4] == [8, 4, 2, 4]
    plant.most = 100
    fill_more(spool, range(9, 25))
    eventually(lambda: spool.counts().results == 0)
    made.worker.stop()
    assert max(plant.sizes[4:]) == 8
    assert sorted(plant.results) == sorted(plant.arrivals)


def test_a_wish_to_wait_is_heard_also_when_woken(plant: FakePlant, spool: Spool) -> None:
    """Retry-After: no earlier request, whatever else happens."""
    fill(spool, 1)
    plant.fail = [PlantBusy("429", retry_after_s=30.0)]
    made = uploader(plant, spool)
    made.worker.start()
    eventually(lambda: made.status().last_error == "429")
    made.wake()
    assert not made.worker.stopping.wait(0.1)
    assert plant.arrivals == []
    made.worker.stop()


def test_a_refusal_after_a_plant_that_was_away_is_logged_too(
    plant: FakePlant, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    fill(spool, 1)
    plant.fail = [*[PlantUnreachable("down")] * 2, *[PlantRefused("401 unknown key")] * 2]
    made = uploader(plant, spool)
    made.worker.start()
    eventually(lambda: plant.results)
    made.worker.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "upload failed, going on from the spool: down",
        "upload failed, going on from the spool: 401 unknown key",
    ]


def test_waking_ends_a_long_pause(plant: FakePlant, spool: Spool) -> None:
    """When the heartbeat gets through again, nobody waits for the backoff."""
    fill(spool, 1)
    plant.fail = [PlantUnreachable("down")]
    made = uploader(plant, spool, first_s=600.0)
    made.worker.start()
    eventually(lambda: made.status().last_error == "down")
    made.wake()
    eventually(lambda: spool.counts().results == 0)
    made.worker.stop()


def test_draining_ends_when_the_plant_fails_and_keeps_the_rest(plant: FakePlant, spool: Spool) -> None:
    fill(spool, 8)
    made = uploader(plant, spool)
    made.upload_once()
    plant.fail = [PlantUnreachable("down")]
    made.drain(Event())
    assert spool.counts().results == 4


class FullDisk(Spool):
    """Forgets nothing while the disk has not one free byte."""

    full = True

    def delete(self, ids: Sequence[str]) -> None:
        """Refuse, or delete."""
        if self.full:
            raise SpoolFull("disk is full")
        super().delete(ids)


def test_a_disk_on_which_nothing_can_be_deleted_is_told_and_the_thread_goes_on(
    plant: FakePlant, tmp_path: Path
) -> None:
    """It is no fault of the thread, and comes to an end when the disk has room; also at the end of the process."""
    spool = FullDisk(tmp_path / "full.sqlite", 16)
    records = fill(spool, 3)
    made = uploader(plant, spool, first_s=0.001)
    made.worker.start()
    eventually(lambda: made.status().last_error == "disk is full")
    spool.full = False
    eventually(lambda: spool.counts().results == 0)
    made.worker.stop()
    assert made.worker.faults == 0
    spool.full = True
    records += fill_more(spool, range(4, 6))
    made.drain(Event())
    assert list(plant.results) == [r.result.id for r in records]
    spool.close()
