"""One run of retention: decide and record in one transaction, then delete files.

Both happen under the write lock, in which images also come in: one that arrives again in between is kept. What a killed
run had decided and not deleted, the next one deletes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Update, func, select, update

from inspection.audit.log import append
from inspection.retention.find import may_go
from inspection.settings import RetentionRule
from inspection.store.blobs import BlobStore
from inspection.store.database import Database
from inspection.store.pictures import Pictures
from inspection.store.tables import BlobRow
from inspection.store.upkeep import upkeep

__all__ = ["ACTOR", "Retention", "Swept"]

ACTOR = "retention"
"""Who the audit log says did it."""

_BATCH = 500


@dataclass(frozen=True)
class Swept:
    """What a run removed, or would."""

    images: int = 0
    size_bytes: int = 0


@dataclass(frozen=True)
class Retention:
    """The rules, and what they apply to."""

    database: Database
    blobs: BlobStore
    pictures: Pictures
    rules: Sequence[RetentionRule]
    data: Path

    def plan(self, now: datetime) -> Swept:
        """Count what a run would remove now."""
        if not self.rules:
            return Swept()
        query = select(func.count(), func.coalesce(func.sum(BlobRow.size_bytes), 0)).where(may_go(self.rules, now))
        with self.database.read() as session:
            images, size_bytes = session.execute(query).one()
        return Swept(images, int(size_bytes))

    def run(self, now: datetime, *, wait: bool = False) -> Swept:
        """Remove what the rules let go; the audit log says how much.

        Raises:
            Conflict: a backup is under way, and `wait` is false; nothing was removed.
        """
        with upkeep(self.data, wait=wait):
            self._delete_files()
            swept = Swept()
            for digests in self._candidates(now):
                batch = self._decide(digests, now)
                self._delete_files()
                swept = Swept(swept.images + batch.images, swept.size_bytes + batch.size_bytes)
        return swept

    def _candidates(self, now: datetime) -> list[list[str]]:
        if not self.rules:
            return []
        with self.database.read() as session:  # the long search holds up nobody
            digests = list(session.scalars(select(BlobRow.sha256).where(may_go(self.rules, now))))
        return [digests[start : start + _BATCH] for start in range(0, len(digests), _BATCH)]

    def _decide(self, digests: Sequence[str], now: datetime) -> Swept:
        """Ask again under the lock: a label may have come since."""
        query = select(BlobRow.sha256, BlobRow.size_bytes).where(BlobRow.sha256.in_(digests), may_go(self.rules, now))
        with self.database.write() as session:
            rows = session.execute(query).all()
            session.execute(_change([row.sha256 for row in rows]).values(removed_at=now))
            swept = Swept(len(rows), sum(row.size_bytes for row in rows))
            if rows:
                details = {"images": swept.images, "bytes": swept.size_bytes, "rules": self._told()}
                append(session, now, ACTOR, "images.removed", details)
        return swept

    def _delete_files(self) -> None:
        query = (
            select(BlobRow.sha256).where(BlobRow.file_deleted.is_(False), BlobRow.removed_at.is_not(None)).limit(_BATCH)
        )
        more = True
        while more:
            with self.database.write() as session:
                digests = list(session.scalars(query))
                if digests:
                    self.blobs.delete(*digests)
                for digest in digests:
                    self.pictures.forget(digest)
                session.execute(_change(digests).values(file_deleted=True))
            more = len(digests) == _BATCH

    def _told(self) -> list[dict[str, object]]:
        return [rule.model_dump(mode="json", exclude_none=True) for rule in self.rules]


def _change(digests: Sequence[str]) -> Update:
    return update(BlobRow).where(BlobRow.sha256.in_(digests)).execution_options(synchronize_session=False)
