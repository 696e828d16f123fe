"""What counts for a sample, and its frozen split."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from inspection.registry.recipes import add_recipe
from inspection.samples.samples import UPLOAD, Subject, add_statement, count_samples, samples_of, split_kept
from inspection.samples.splits import Split, part_key, split_of
from inspection.samples.statements import Label, Said, Truth, truth_of
from inspection.samples.versions import (
    changes,
    record_version,
    require_data_version,
    samples_in,
    versions_of_data,
)
from inspection.store.blobs import DiskBlobStore
from inspection.store.database import Database
from inspection.store.images import keep_image
from inspection.store.tables import SampleLabelRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
GOOD, SCRATCH = Said(Label.GOOD), Said(Label.DEFECT, "scratch")


@dataclass(frozen=True)
class Case:
    """Statements as (source, label, type), and what follows from them."""

    name: str
    statements: tuple[tuple[str, str, str | None], ...]
    expected: Truth | None


CASES = (
    Case("nothing said", (), None),
    Case("upload", (("upload", "good", None),), Truth(Label.GOOD, None)),
    Case("unnamed defect", (("upload", "defect", None),), Truth(Label.DEFECT, "defect")),
    Case("later source wins", (("upload", "good", None), ("r", "defect", "dent")), Truth(Label.DEFECT, "dent")),
    Case("same source is replaced", (("r", "defect", "dent"), ("r", "good", None)), Truth(Label.GOOD, None)),
    Case(
        "retracting brings the earlier one back",
        (("upload", "good", None), ("r", "defect", "dent"), ("r", "retracted", None)),
        Truth(Label.GOOD, None),
    ),
    Case("retracted is out", (("r", "good", None), ("r", "retracted", None)), None),
    Case("unsure keeps it out", (("upload", "good", None), ("r", "unsure", None)), None),
    Case(
        "said again goes last",
        (("a", "good", None), ("b", "defect", "dent"), ("a", "good", None)),
        Truth(Label.GOOD, None),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_truth_follows_from_statements(case: Case) -> None:
    rows = [SampleLabelRow(source=s, label=label, defect_type=kind) for s, label, kind in case.statements]
    assert truth_of(rows) == case.expected


def test_one_in_five_is_held_out() -> None:
    digests = [sha256(bytes([number])).hexdigest() for number in range(250)]
    held = [digest for digest in digests if split_of(digest) is Split.HOLDOUT]
    assert held == [digest for digest in digests if int(digest, 16) % 5 == 0]
    assert 30 < len(held) < 70


@pytest.fixture(name="session")
def _session(tmp_path: Path) -> Iterator[Session]:
    database = Database(tmp_path / "plant.sqlite3")
    with database.write() as session:
        add_recipe(session, "part", NOW)
        yield session
    database.close()


def _image(session: Session, tmp_path: Path, content: bytes) -> str:
    return keep_image(session, DiskBlobStore(tmp_path / "blobs"), content, NOW)


def test_same_statement_again_adds_nothing(session: Session, tmp_path: Path) -> None:
    digest = _image(session, tmp_path, b"one")
    assert add_statement(session, Subject("part", digest), UPLOAD, GOOD, NOW)
    assert not add_statement(session, Subject("part", digest), UPLOAD, GOOD, NOW)
    assert session.query(SampleLabelRow).count() == 1


def test_split_stays_when_the_label_changes(session: Session, tmp_path: Path) -> None:
    digest = _image(session, tmp_path, b"one")
    add_statement(session, Subject("part", digest), UPLOAD, GOOD, NOW)
    before = next(samples_of(session, "part")).split
    add_statement(session, Subject("part", digest), "result:1:ann", SCRATCH, NOW)
    sample = next(samples_of(session, "part"))
    assert (sample.split, sample.truth.defect_type) == (before, "scratch")
    assert before is split_of(digest)


def test_counts_are_by_split_and_type(session: Session, tmp_path: Path) -> None:
    expected = {"train": 0, "holdout": 0}
    for number in range(20):
        digest = _image(session, tmp_path, bytes([number]))
        add_statement(session, Subject("part", digest), UPLOAD, SCRATCH, NOW)
        expected[split_of(digest)] += 1
    counts = count_samples(session, "part")
    assert {split: types.get("scratch", 0) for split, types in counts.defects.items()} == expected
    assert sum(counts.goods.values()) == 0


def test_all_images_of_a_part_go_one_way_for_an_hour() -> None:
    """Another view, or the part seen again, must not train a model that is tested on it."""
    keys = [part_key("part", "P-1", NOW + timedelta(minutes=minutes)) for minutes in (0, 20, 59)]
    assert len(set(keys)) == 1
    parts = [part_key("part", f"P-{number}", NOW) for number in range(400)]
    held = sum(split_of(key) is Split.HOLDOUT for key in parts)
    assert 50 < held < 110
    hours = {part_key("part", "always the same", NOW + timedelta(hours=hour)) for hour in range(24)}
    assert {split_of(key) for key in hours} == set(Split)


def test_the_split_of_an_image_never_changes(session: Session, tmp_path: Path) -> None:
    digest = _image(session, tmp_path, b"one")
    before = split_of(digest)
    add_statement(session, Subject("part", digest), UPLOAD, GOOD, NOW)
    other = next(key for key in (part_key("part", str(n), NOW) for n in range(99)) if split_of(key) is not before)
    add_statement(session, Subject("part", digest, other), "result:1:ann", GOOD, NOW)
    assert split_kept(session, Subject("part", digest, other)) is before


def test_a_data_version_is_named_by_its_content_and_tells_what_changed(session: Session, tmp_path: Path) -> None:
    digests = [_image(session, tmp_path, bytes([number])) for number in range(4)]
    for digest in digests[:3]:
        add_statement(session, Subject("part", digest), UPLOAD, GOOD, NOW)
    first = record_version(session, "part", samples_of(session, "part"), NOW)
    assert record_version(session, "part", list(samples_of(session, "part")), NOW + timedelta(days=1)) == first
    add_statement(session, Subject("part", digests[3]), UPLOAD, SCRATCH, NOW)
    add_statement(session, Subject("part", digests[0]), "result:1:ann", SCRATCH, NOW)
    add_statement(session, Subject("part", digests[1]), "result:2:ann", Said(Label.UNSURE), NOW)
    second = record_version(session, "part", samples_of(session, "part"), NOW + timedelta(days=2))
    old, new = (require_data_version(session, "part", id_) for id_ in (first, second))
    assert [sample.sha256 for sample in samples_in(old)] == sorted(digests[:3])
    assert new.counts == {"good": 1, "scratch": 2}
    found = changes(old, new)
    assert (found.added, found.removed, found.relabelled) == ((digests[3],), (digests[1],), (digests[0],))
    assert [row.id for row in versions_of_data(session, "part")] == [second, first]
    with pytest.raises(NotFound, match="no data version"):
        require_data_version(session, "other", first)
