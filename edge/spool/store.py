"""The spool's store: one SQLite file in WAL mode that survives kill -9 and power cuts and keeps its limit."""

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Annotated

from pydantic import Field

from edge.contract.errors import SettingsInvalid, SpoolFull
from edge.contract.frame import EncodedImage
from edge.contract.result import InspectionResult
from edge.contract.values import Value

__all__ = ["Record", "Spool", "SpoolCounts"]

_log = logging.getLogger(__name__)
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_WHOLE = {  # what says nothing against the file
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_PATIENCE_S = 10.0  # with somebody else who holds the file
_PRIMARY = 0xFF  # the low byte of SQLite's extended error codes
_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL, problem TEXT);
CREATE INDEX IF NOT EXISTS problems ON results (problem) WHERE problem IS NOT NULL;
CREATE TABLE IF NOT EXISTS images (sha256 TEXT PRIMARY KEY, media_type TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS shows (id TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (id, sha256)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shown_in ON shows (sha256);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_DELETE_IF_UNSHOWN = "DELETE FROM images WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM shows WHERE sha256 = ?1)"
_DELETE_UNSHOWN = "DELETE FROM images WHERE sha256 NOT IN (SELECT sha256 FROM shows)"


@dataclass(frozen=True, slots=True)
class Record:
    """One result with the images it refers to, by SHA-256."""

    result: InspectionResult
    images: Mapping[str, EncodedImage] = field(default_factory=dict)

    @property
    def image_bytes(self) -> int:
        """Size of all images together."""
        return sum(len(image.data) for image in self.images.values())

    def without_images(self) -> "Record":
        """The same result, which no longer promises any image."""
        return Record(self.result.model_copy(update={"images": ()}))


class SpoolCounts(Value):
    """What lies in the spool."""

    results: Annotated[int, Field(description="not yet at the plant, without the ones set aside")]
    images: int
    quarantined: Annotated[int, Field(description="results that the plant will not take; kept")]
    used_bytes: int
    max_bytes: int


class Spool:
    """Results and images that wait for the plant. Every method may be called from any thread."""

    def __init__(self, path: Path, max_mb: float) -> None:
        """Open the file, or make it; a file that is no database is put aside under another name.

        Raises:
            SettingsInvalid: it cannot be opened, but is not damaged: somebody else has it, or may not be written here.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._max_bytes = round(max_mb * 2**20)
        try:
            self._db = _opened(path, self._max_bytes)
        except sqlite3.Error as error:
            raise SettingsInvalid(f"spool {path}: {error}") from error

    def append(self, records: Sequence[Record]) -> None:
        """Store results with their images, durably, all or none.

        Raises:
            SpoolFull: the limit or the disk is reached; nothing was stored.
        """
        with self._transaction():
            for record in records:
                self._insert(record)

    def oldest(self, limit: int) -> list[InspectionResult]:
        """Up to `limit` results that wait, oldest first; they promise only the images that are still here."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, body FROM results WHERE problem IS NULL ORDER BY n LIMIT ?", (limit,)
            ).fetchall()
            return [self._with_images_here(identity, body) for identity, body in rows]

    def image(self, sha256: str) -> EncodedImage | None:
        """A stored image; None if it was given up."""
        with self._lock:
            row = self._db.execute("SELECT data, media_type FROM images WHERE sha256 = ?", (sha256,)).fetchone()
        return None if row is None else EncodedImage(*row)

    def delete(self, ids: Sequence[str]) -> None:
        """Forget results that are at the plant, and images that no other result shows."""
        with self._transaction():
            for identity in ids:
                shown = self._db.execute("DELETE FROM shows WHERE id = ? RETURNING sha256", (identity,)).fetchall()
                self._db.execute("DELETE FROM results WHERE id = ?", (identity,))
                self._db.executemany(_DELETE_IF_UNSHOWN, shown)

    def quarantine(self, identity: str, problem: str) -> None:
        """Set a result aside, with its images, so that it blocks no other; it is kept."""
        with self._transaction():
            self._db.execute("UPDATE results SET problem = ? WHERE id = ?", (problem[:500], identity))

    def release_quarantined(self) -> None:
        """Let everything that was set aside be tried again; on a full disk it stays aside until the next start."""
        try:
            with self._transaction():
                self._db.execute("UPDATE results SET problem = NULL WHERE problem IS NOT NULL")
        except SpoolFull as error:
            _log.warning("what the plant refused is not tried again before the next start: %s", error)

    def give_up_images(self, images: int) -> int:
        """Delete up to `images` images, those first whose newest result is the oldest; returns how many went.

        An image that newer results show, too, as all of a frozen camera do, is no room gained before those give it up.
        """
        with self._transaction():
            before = self._count("images")
            self._db.execute(
                "DELETE FROM shows WHERE sha256 IN (SELECT sha256 FROM shows JOIN results USING (id) "
                "GROUP BY sha256 ORDER BY max(results.n) LIMIT ?)",
                (images,),
            )
            self._db.execute(_DELETE_UNSHOWN)
            return before - self._count("images")

    def expire(self, results: int) -> int:
        """Delete the oldest `results`, which nobody collects; returns how many went."""
        with self._lock:
            rows = self._db.execute("SELECT id FROM results ORDER BY n LIMIT ?", (results,)).fetchall()
        self.delete([row[0] for row in rows])
        return len(rows)

    def counts(self) -> SpoolCounts:
        """How much lies here."""
        with self._lock:
            quarantined = self._count("results WHERE problem IS NOT NULL")
            return SpoolCounts(
                results=self._count("results") - quarantined,
                images=self._count("images"),
                quarantined=quarantined,
                used_bytes=self._used_bytes(),
                max_bytes=self._max_bytes,
            )

    def last_sequence(self) -> int:
        """The highest trigger number ever stored here, also of results long uploaded; 0 before the first.

        After kill -9 the few results that were told to the line but not stored yet are not among them: their numbers
        are given again, their ids never.
        """
        with self._lock:
            row = self._db.execute("SELECT value FROM numbers WHERE name = 'sequence'").fetchone()
        return 0 if row is None else int(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if error.sqlite_errorcode & _PRIMARY in _FULL:
                    raise SpoolFull(f"spool of at most {self._max_bytes} bytes: {error}") from error
                raise
            finally:
                self._roll_back()

    def _roll_back(self) -> None:
        if self._db.in_transaction:  # after a success it is over; a full disk ends it too, but not always
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def _insert(self, record: Record) -> None:
        result = record.result
        self._db.execute(
            "INSERT OR IGNORE INTO results (id, body) VALUES (?, ?)", (result.id, result.model_dump_json())
        )
        for sha256, image in record.images.items():
            self._db.execute(
                "INSERT OR IGNORE INTO images (sha256, media_type, data) VALUES (?, ?, ?)",
                (sha256, image.media_type, image.data),
            )
            self._db.execute("INSERT OR IGNORE INTO shows (id, sha256) VALUES (?, ?)", (result.id, sha256))
        self._db.execute(
            "INSERT INTO numbers VALUES ('sequence', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (result.sequence,),
        )

    def _with_images_here(self, identity: str, body: str) -> InspectionResult:
        result = InspectionResult.model_validate_json(body)
        here = {row[0] for row in self._db.execute("SELECT sha256 FROM shows WHERE id = ?", (identity,))}
        return result.model_copy(update={"images": tuple(ref for ref in result.images if ref.sha256 in here)})

    def _count(self, what: str) -> int:
        return int(self._db.execute(f"SELECT COUNT(*) FROM {what}").fetchone()[0])  # noqa: S608 - our own words only

    def _used_bytes(self) -> int:
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size


def _opened(path: Path, max_bytes: int) -> sqlite3.Connection:
    """Only a damaged file is put aside: one that is locked, or on a full disk, holds results that the plant awaits."""
    try:
        return _connect(path, max_bytes)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & _PRIMARY in _WHOLE:
            raise
        _log.error("spool %s: %s: kept as %s, a new one begins", path, error, _put_aside(path))
    return _connect(path, max_bytes)


def _connect(path: Path, max_bytes: int) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_PATIENCE_S)
    try:
        # Nobody else's while it is open, so that it needs no file in shared memory: a full disk has no room for one.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # a commit is on the disk: plants lose power
        db.executescript(_SCHEMA)
        page_size = int(db.execute("PRAGMA page_size").fetchone()[0])
        db.execute(f"PRAGMA max_page_count = {max_bytes // page_size}")
        db.execute("UPDATE results SET problem = NULL WHERE 0")  # reads the schema: finds damage now, not later
    except sqlite3.Error:
        db.close()
        raise
    return db


def _put_aside(path: Path) -> Path:
    """A damaged file must not stop the line; it is kept for who wants to look, and so are those before it."""
    names = (path.with_name(f"{path.name}.damaged{'' if n == 1 else n}") for n in count(1))
    aside = next(name for name in names if not name.exists())
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside
