"""Nothing is learnt from what a station took right beside a held-out part."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from edge.contract.errors import DataInvalid
from edge.contract.link import IngestBatch
from inspection.ingest.results import take_results
from inspection.jobs.material import require_trainable
from inspection.registry.recipes import add_recipe
from inspection.review.labels import Decision, add_label
from inspection.samples.neighbours import without_neighbours
from inspection.samples.samples import UPLOAD, Sample, Subject, add_statement, samples_of
from inspection.samples.splits import Split, part_key, split_of
from inspection.samples.statements import Label, Said, Truth
from inspection.store.blobs import DiskBlobStore
from inspection.store.database import Database
from inspection.store.images import keep_image
from tests.support.plants import a_result, image_ref, png

NOW = datetime(2026, 3, 2, 8, 59, 59, 500_000, tzinfo=UTC)
WITHIN_S = 2.0
GOOD = Truth(Label.GOOD, None)


@dataclass
class Line:
    """Stations that take parts, each of which somebody calls good at once."""

    session: Session
    blobs: DiskBlobStore
    taken: int = 0

    def takes(self, split: Split, after_s: float = 0.0, station: str = "line-1", part_id: str | None = None) -> str:
        """A part that goes this way by its id; the SHA-256 of its picture, which no other has."""
        at = NOW + timedelta(seconds=after_s)
        ids = map(str, range(99)) if part_id is None else [part_id]
        named = next(name for name in ids if split_of(part_key("part", name, at)) is split)
        self.taken += 1
        picture = png(self.taken)
        result = a_result(images=(image_ref(picture),), station=station, part_id=named, captured_at=at)
        digest = keep_image(self.session, self.blobs, picture, NOW)
        take_results(self.session, station, IngestBatch(results=(result,)), NOW)
        add_label(self.session, result.id, Decision(Label.GOOD), "ann", NOW)
        return digest

    def left(self, split: Split, within_s: float = WITHIN_S) -> set[str]:
        """What a job gets of all samples."""
        samples = without_neighbours(self.session, "part", samples_of(self.session, "part"), within_s)
        return {sample.sha256 for sample in samples if sample.split is split}


@pytest.fixture(name="line")
def _line(tmp_path: Path) -> Iterator[Line]:
    database = Database(tmp_path / "plant.sqlite3")
    with database.write() as session:
        add_recipe(session, "part", NOW)
        yield Line(session, DiskBlobStore(tmp_path / "blobs"))
    database.close()


def test_no_neighbour_of_a_test_part_is_trained_on(line: Line) -> None:
    """Before it, after it and at the edge; not one further away, and never the held-out part itself."""
    held = line.takes(Split.HOLDOUT)
    beside = {line.takes(Split.TRAIN, after_s) for after_s in (-2.0, -0.1, 0.0, 1.9, 2.0)}
    apart = {line.takes(Split.TRAIN, after_s) for after_s in (-2.1, 2.1, 3600.0)}
    assert line.left(Split.TRAIN) == apart
    assert line.left(Split.HOLDOUT) == {held}
    assert line.left(Split.TRAIN, within_s=0.0) == apart | beside


def test_no_view_of_a_test_part_is_trained_on_across_the_hour(line: Line) -> None:
    """The hour is part of what splits, so that two views of a part may go two ways where it changes."""
    ids = (str(number) for number in range(999))
    ways = (Split.HOLDOUT, Split.TRAIN)
    hours = (NOW, NOW + timedelta(seconds=1))
    torn = next(id_ for id_ in ids if tuple(split_of(part_key("part", id_, at)) for at in hours) == ways)
    held, _ = line.takes(Split.HOLDOUT, part_id=torn), line.takes(Split.TRAIN, 1.0, part_id=torn)
    assert (line.left(Split.TRAIN), line.left(Split.HOLDOUT)) == (set(), {held})


def test_other_stations_and_uploads_are_no_neighbours(line: Line) -> None:
    line.takes(Split.HOLDOUT)
    other = line.takes(Split.TRAIN, station="line-2")
    uploads = [keep_image(line.session, line.blobs, png(number), NOW) for number in range(100, 120)]
    for digest in uploads:
        add_statement(line.session, Subject("part", digest), UPLOAD, Said(Label.GOOD), NOW)
    assert line.left(Split.TRAIN) == {other, *(digest for digest in uploads if split_of(digest) is Split.TRAIN)}


def test_a_picture_that_was_taken_again_beside_a_test_part_is_its_neighbour(line: Line) -> None:
    """One file, two results: one of them is enough."""
    line.takes(Split.HOLDOUT)
    picture = line.takes(Split.TRAIN, 600.0)
    assert line.left(Split.TRAIN) == {picture}
    line.taken -= 1
    assert line.takes(Split.TRAIN, 1.0) == picture
    assert line.left(Split.TRAIN) == set()


def test_a_held_out_part_that_tests_nothing_any_more_has_no_neighbours(line: Line) -> None:
    """Whoever is unsure of it takes it out of the hold-out, and its neighbours may be learnt from again."""
    held = line.takes(Split.HOLDOUT)
    beside = line.takes(Split.TRAIN, 1.0)
    add_statement(line.session, Subject("part", held), "ruling:1:ann", Said(Label.UNSURE), NOW)
    assert line.left(Split.TRAIN) == {beside}


def test_a_training_without_goods_says_that_they_were_neighbours() -> None:
    held = [Sample("0" * 64, Split.HOLDOUT, GOOD)]
    with pytest.raises(DataInvalid, match="got none but 7 that were taken within `neighbour_s`"):
        require_trainable(held, "part", left_out=7)
    with pytest.raises(DataInvalid, match="got none; upload or label some first"):
        require_trainable(held, "part")
