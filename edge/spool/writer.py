"""The one thread that writes to the spool, and what it does when the disk is full."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition
from typing import Annotated

from pydantic import Field

from edge.contract.errors import SpoolFull
from edge.contract.values import Value
from edge.spool.store import Record, Spool
from edge.worker import Worker

__all__ = ["SpoolWriter", "WriterStatus"]

_log = logging.getLogger(__name__)
_IDLE_S = 0.5
_BATCH = 64  # results in one transaction: one wait for the disk, not sixty-four
_EVICT = 16  # images that are given up at once when the disk is full


class WriterStatus(Value):
    """What waits in memory for the disk."""

    backlog: Annotated[int, Field(description="results that wait in memory")]
    images_given_up: Annotated[int, Field(description="images that no disk had room for")]
    results_expired: Annotated[int, Field(description="oldest results that made room; only without a plant")]
    full: Annotated[bool, Field(description="the spool took nothing at the last try")]


class SpoolWriter:
    """Takes records from any thread and stores them in order.

    No result is ever dropped: what the disk does not take waits in memory and is retried. Images are bounded: beyond
    `waiting_mb` in memory, or on a full disk, they are given up and counted, the oldest stored ones too.
    """

    def __init__(
        self,
        spool: Spool,
        waiting_mb: float,
        retry_s: float = 1.0,
        *,
        ring: bool = False,
        stored: Callable[[Sequence[str]], None] = lambda _: None,
        held: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Prepare the thread.

        Args:
            spool: the store.
            waiting_mb: MiB of images that may wait in memory.
            retry_s: pause after a try that found the disk full.
            stored: hears the ids of results that are on the disk now.
            held: whether the result of an id is in the journal, from where the next start takes it.
            ring: nobody collects the results (a station without a plant): the newest take the place of the oldest.
        """
        self._spool = spool
        self._waiting_bytes = round(waiting_mb * 2**20)
        self._retry_s = retry_s
        self._changed = Condition()
        self._queue: deque[Record] = deque()
        self._queued_bytes = 0
        self._given_up = 0
        self._expired = 0
        self._ring = ring
        self._stored = stored
        self._held = held
        self._full = False
        self.worker = Worker("spool-writer", self._step, wake=self._wake)

    def put(self, record: Record) -> None:
        """Queue a record; never waits."""
        with self._changed:
            if self._queued_bytes + record.image_bytes > self._waiting_bytes:
                record = self._give_up(record)
            self._queue.append(record)
            self._queued_bytes += record.image_bytes
            self._changed.notify()

    def status(self) -> WriterStatus:
        """What waits, and what was given up."""
        with self._changed:
            return WriterStatus(
                backlog=len(self._queue),
                images_given_up=self._given_up,
                results_expired=self._expired,
                full=self._full,
            )

    def stop(self) -> None:
        """Store all that waits, then end; what neither a full disk nor the journal has is lost now and logged."""
        self.worker.stop()
        while self._queue and self._store(self._take()):
            pass
        lost = [record.result for record in self._queue if not self._held(record.result.id)]
        for result in lost:
            _log.error("spool full at the end, result lost: %s", result.model_dump_json())
        if len(lost) < len(self._queue):
            left = len(self._queue) - len(lost)
            _log.warning("spool full at the end: %d results stay in the journal for the next start", left)

    def _step(self) -> None:
        with self._changed:
            if not self._queue:
                self._changed.wait(_IDLE_S)
        if not self._store(self._take()):
            self.worker.stopping.wait(self._retry_s)

    def _take(self) -> list[Record]:
        with self._changed:
            batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            self._queued_bytes -= sum(record.image_bytes for record in batch)
            return batch

    def _store(self, batch: list[Record]) -> bool:
        """Store a batch; False if something had to go back to the queue."""
        try:
            if batch:
                self._spool.append(batch)
                self._stored([record.result.id for record in batch])
        except SpoolFull:
            return self._store_one_by_one(batch)
        except Exception:
            self._put_back(batch)  # nothing of a result is lost, whatever the disk says
            raise
        self._full = False
        return True

    def _store_one_by_one(self, batch: list[Record]) -> bool:
        for index, record in enumerate(batch):
            try:
                stored = self._store_one(record)
            except Exception:
                self._put_back(batch[index:])
                raise
            if not stored:
                self._put_back(batch[index:])
                if not self._full:
                    _log.error("the spool takes nothing more, disk or limit is reached: results wait in memory")
                self._full = True
                return False
        return True

    def _store_one(self, record: Record) -> bool:
        """Store with its images, else without, else in the place of the oldest images."""
        if self._fits(record):
            return True
        stripped = self._give_up(record)
        while not self._fits(stripped):
            if not self._make_room():
                return False
        return True

    def _make_room(self) -> bool:
        """Whether something went; on a disk without one free byte even deleting takes room that is not there."""
        try:
            evicted = self._spool.give_up_images(_EVICT)
            self._given_up += evicted
            if evicted == 0 and self._ring:
                evicted = self._spool.expire(_BATCH)
                self._expired += evicted
        except SpoolFull:
            return False
        return evicted > 0

    def _fits(self, record: Record) -> bool:
        try:
            self._spool.append([record])
            self._stored([record.result.id])
        except SpoolFull:
            return False
        return True

    def _give_up(self, record: Record) -> Record:
        self._given_up += len(record.images)
        return record.without_images()

    def _put_back(self, records: list[Record]) -> None:
        with self._changed:
            self._queue.extendleft(reversed(records))
            self._queued_bytes += sum(record.image_bytes for record in records)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
