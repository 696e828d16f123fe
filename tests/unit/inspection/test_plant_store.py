"""Database and image files."""

import struct
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from edge.contract.errors import NotFound
from inspection.store.blobs import DiskBlobStore
from inspection.store.database import Database
from inspection.store.images import keep_image, media_type_of
from inspection.store.pictures import Pictures, PictureSize
from inspection.store.schema import migrate
from inspection.store.tables import Base, LabelRow, RecipeRow
from tests.support.plants import png

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    database = Database(tmp_path / "plant.sqlite3")
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "plant.sqlite3")
    with database.write() as session:
        session.add(RecipeRow(name="part", created_at=NOW))
    migrate(database.engine)
    with database.read() as session:
        assert session.get(RecipeRow, "part") is not None
    database.close()


def test_sqlite_runs_in_wal_with_foreign_keys(tmp_path: Path) -> None:
    database = Database(tmp_path / "plant.sqlite3")
    with database.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
    database.close()


def test_row_without_its_parent_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "plant.sqlite3")
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(LabelRow(result_id="0" * 32, user="a", label="good", created_at=NOW))
    database.close()


def test_write_that_raises_keeps_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "plant.sqlite3")
    with pytest.raises(IntegrityError), database.write() as session:  # noqa: PT012 - one transaction
        session.add(RecipeRow(name="part", created_at=NOW))
        session.flush()
        session.execute(text("INSERT INTO recipes SELECT * FROM recipes"))
    with database.read() as session:
        assert session.get(RecipeRow, "part") is None
    database.close()


def test_instants_come_back_in_utc(tmp_path: Path) -> None:
    database = Database(tmp_path / "plant.sqlite3")
    with database.write() as session:
        session.add(RecipeRow(name="part", created_at=NOW.astimezone(timezone(timedelta(hours=8)))))
    with database.read() as session:
        row = session.get(RecipeRow, "part")
        assert row is not None
        assert row.created_at == NOW
        assert row.created_at.tzinfo is UTC
    database.close()


def test_blob_is_stored_once_under_its_hash(tmp_path: Path) -> None:
    blobs = DiskBlobStore(tmp_path)
    digest = blobs.put(b"bytes")
    assert (blobs.put(b"bytes"), blobs.get(digest)) == (sha256(b"bytes").hexdigest(), b"bytes")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [digest]


def test_missing_blob_is_not_found(tmp_path: Path) -> None:
    blobs = DiskBlobStore(tmp_path / "blobs")
    with pytest.raises(NotFound):
        blobs.get("0" * 64)
    with pytest.raises(NotFound):
        blobs.export("0" * 64, tmp_path / "out")


def test_export_links_the_file(tmp_path: Path) -> None:
    blobs = DiskBlobStore(tmp_path / "blobs")
    blobs.export(blobs.put(b"bytes"), tmp_path / "out" / "image.png")
    assert (tmp_path / "out" / "image.png").read_bytes() == b"bytes"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(), "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"BM....", "image/bmp"),
        (b"II*\x00", "image/tiff"),
        (b"<html><script>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_media_type_is_read_from_the_bytes(data: bytes, expected: str) -> None:
    assert media_type_of(data) == expected


def test_thumb_is_small_and_kept(tmp_path: Path) -> None:
    blobs = DiskBlobStore(tmp_path / "blobs")
    pictures = Pictures(blobs, tmp_path / "pictures")
    digest = blobs.put(png(size=640))
    first = pictures.get(digest, PictureSize.THUMB)
    assert media_type_of(first) == "image/jpeg"
    assert len(first) < 20_000
    assert pictures.get(digest, PictureSize.THUMB) == first


def test_a_rendering_is_never_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests may ask for the same picture at once."""
    blobs = DiskBlobStore(tmp_path / "images")
    digest = blobs.put(png(1))
    there: list[bool] = []
    write = Path.write_bytes

    def in_two_steps(path: Path, data: bytes) -> int:
        write(path, data[:10])
        there.append((tmp_path / "pictures" / "thumb" / f"{digest}.jpg").exists())
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", in_two_steps)
    first = Pictures(blobs, tmp_path / "pictures").get(digest, PictureSize.THUMB)
    assert there == [False]
    assert [path.read_bytes() for path in (tmp_path / "pictures" / "thumb").iterdir()] == [first]


def test_damaged_image_has_no_picture(tmp_path: Path) -> None:
    blobs = DiskBlobStore(tmp_path / "blobs")
    digest = blobs.put(png()[:40])
    with pytest.raises(NotFound, match="damaged"):
        Pictures(blobs, tmp_path / "pictures").get(digest, PictureSize.THUMB)


def test_keeping_an_image_twice_keeps_one_row(tmp_path: Path) -> None:
    database, blobs = Database(tmp_path / "plant.sqlite3"), DiskBlobStore(tmp_path / "blobs")
    with database.write() as session:
        assert keep_image(session, blobs, png(), NOW) == keep_image(session, blobs, png(), NOW)
        assert session.execute(text("SELECT count(*) FROM blobs")).scalar() == 1
    database.close()


def test_a_picture_of_12_bits_in_16_is_no_black_one(tmp_path: Path) -> None:
    """As cameras store it."""
    png = cv2.imencode(".png", np.full((20, 30), 2048, np.uint16))[1].tobytes()
    shown = rendered(tmp_path, png)
    assert shown.shape == (20, 30, 3)
    assert 120 < shown.mean() < 135


def test_a_picture_is_shown_as_it_was_judged_and_not_turned(tmp_path: Path) -> None:
    """A phone notes in the file how it was held: maps and masks lie on the pixels as they are."""
    picture = cv2.imencode(".jpg", np.full((20, 30, 3), 90, np.uint8))[1].tobytes()
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)  # orientation 6: to be turned by a quarter
    note = b"Exif\0\0" + tiff
    held = picture[:2] + b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note + picture[2:]
    assert cv2.imdecode(np.frombuffer(held, np.uint8), cv2.IMREAD_COLOR).shape == (30, 20, 3)
    assert rendered(tmp_path, held).shape == (20, 30, 3)


def rendered(folder: Path, data: bytes) -> np.ndarray:
    """What a page shows of an image file."""
    blobs = DiskBlobStore(folder / "blobs")
    picture = Pictures(blobs, folder / "pictures").get(blobs.put(data), PictureSize.DISPLAY)
    return cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
