"""From the spool to the plant: results first, then the images it wants, then forget them here."""

import logging
from collections.abc import Iterable
from threading import Event, Lock

from edge.backoff import Backoff
from edge.contract.errors import ContentRefused, PlantBusy, PlantError, PlantRefused, PlantUnreachable, SpoolFull
from edge.contract.link import IngestBatch
from edge.contract.result import InspectionResult
from edge.contract.values import Value
from edge.plant.client import PlantClient
from edge.spool.store import Spool
from edge.worker import Worker

__all__ = ["UploadStatus", "Uploader"]

_log = logging.getLogger(__name__)
_PATIENCE_S = 3600.0  # a large image or bundle over a slow network
_IDLE_S = 0.25


class UploadStatus(Value):
    """What went to the plant since the process started."""

    results: int
    images: int
    images_missing: int
    last_error: str | None


class Uploader:
    """Uploads batches, oldest first; each step can be repeated after a crash without harm.

    A batch that the plant refuses for its content is cut in halves until the bad record stands alone; that one is set
    aside, so that it cannot block the rest. Any other refusal concerns all records and is retried with backoff. After a
    connection that broke off, half as many go at once: over a network that loses packets a large batch never arrives.
    """

    def __init__(self, client: PlantClient, spool: Spool, batch_size: int, backoff: Backoff) -> None:
        """Prepare the thread."""
        self._client = client
        self._spool = spool
        self._batch_size = self._at_once = batch_size
        self._backoff = backoff
        self._lock = Lock()
        self._results = self._images = self._missing = 0
        self._last_error: str | None = None
        self._refused = False  # the latest failure was an answer
        self._again = Event()
        self.worker = Worker("uploader", self._step, wake=self.wake, patience_s=_PATIENCE_S)

    def wake(self) -> None:
        """Try at once: the plant is back, or the station ends."""
        self._again.set()

    def status(self) -> UploadStatus:
        """Counters and the latest error; None after a success."""
        with self._lock:
            return UploadStatus(
                results=self._results,
                images=self._images,
                images_missing=self._missing,
                last_error=self._last_error,
            )

    def upload_once(self) -> bool:
        """Upload the oldest batch; False if nothing waits.

        Raises:
            PlantError: not done; nothing is lost, the same batch comes again.
            SpoolFull: it is at the plant, but a full disk lets nothing be forgotten here; the same batch comes again.
        """
        results = self._spool.oldest(self._at_once)
        if results:
            self._send(results)
        return bool(results)

    def drain(self, expired: Event) -> None:
        """Upload until nothing waits, plant or disk fails or `expired` is set; for the end of the process."""
        try:
            while not expired.is_set() and self.upload_once():
                pass
        except (PlantError, SpoolFull) as error:
            _log.warning("what waits is kept for the next start: %s", error)

    def _step(self) -> None:
        try:
            worked = self.upload_once()
        except (PlantError, SpoolFull) as error:
            self._note(error)
            if isinstance(error, PlantUnreachable) and not isinstance(error, PlantBusy):
                self._at_once = max(1, self._at_once // 2)
            asked_s = error.retry_after_s if isinstance(error, PlantBusy) else 0.0
            self._pause(self._backoff.next_s(asked_s), wakeable=not isinstance(error, PlantBusy))
            return
        self._backoff.reset()
        self._at_once = min(self._batch_size, 2 * self._at_once)
        self._note(None)
        if not worked:
            self._pause(_IDLE_S, wakeable=True)

    def _pause(self, seconds: float, *, wakeable: bool) -> None:
        if wakeable:
            self._again.wait(seconds)
            self._again.clear()
        else:
            self.worker.stopping.wait(seconds)

    def _send(self, results: list[InspectionResult]) -> None:
        try:
            receipt = self._client.ingest(IngestBatch(results=tuple(results)))
        except ContentRefused as error:
            self._send_halves(results, error)
            return
        refused = self._send_images(receipt.images_wanted)
        for result in results:
            if problem := next((refused[ref.sha256] for ref in result.images if ref.sha256 in refused), None):
                self._set_aside(result, problem)
        done = [result.id for result in results if not any(ref.sha256 in refused for ref in result.images)]
        self._spool.delete(done)
        with self._lock:
            self._results += len(done)

    def _send_halves(self, results: list[InspectionResult], error: ContentRefused) -> None:
        if len(results) == 1:
            self._set_aside(results[0], str(error))
            return
        middle = len(results) // 2
        self._send(results[:middle])
        self._send(results[middle:])

    def _send_images(self, wanted: Iterable[str]) -> dict[str, str]:
        """Upload what the plant wants; returns why it refused some, by SHA-256."""
        refused = {}
        for sha256 in wanted:
            try:
                self._send_image(sha256)
            except ContentRefused as error:
                refused[sha256] = str(error)
        return refused

    def _send_image(self, sha256: str) -> None:
        image = self._spool.image(sha256)
        if image is None:
            with self._lock:
                self._missing += 1
            return
        self._client.put_image(sha256, image)
        with self._lock:
            self._images += 1

    def _set_aside(self, result: InspectionResult, problem: str) -> None:
        _log.error("result %s of part %s is set aside: %s", result.id, result.part_id, problem)
        self._spool.quarantine(result.id, problem)

    def _note(self, error: PlantError | SpoolFull | None) -> None:
        refused = isinstance(error, PlantRefused)
        with self._lock:
            if error is not None and (self._last_error is None or refused is not self._refused):
                _log.warning("upload failed, going on from the spool: %s", error)
            self._refused = refused
            self._last_error = None if error is None else str(error)
