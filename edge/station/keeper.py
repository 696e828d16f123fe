"""What happens after the verdict: latencies, the latest part, images, and the way to the spool."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from threading import Condition
from typing import Protocol

from edge.contract.errors import FrameRejected
from edge.contract.frame import Frame
from edge.contract.result import InspectionResult, ShadowVerdict, Verdict
from edge.spool.store import Record
from edge.station.line import Settled
from edge.station.pictures import record_with_images
from edge.station.settings import ImageSettings
from edge.worker import Worker

__all__ = ["Beside", "Keeper"]

_log = logging.getLogger(__name__)
_IDLE_S = 0.5
_KEEP_ALWAYS = frozenset({Verdict.FAIL, Verdict.UNDECIDED})


class Beside(Protocol):
    """What judges beside the champion: `edge.station.shadow.Shadow`."""

    def wants(self, settled: Settled) -> bool:
        """Whether the frame of this part should be kept for a moment."""
        ...

    def judge(self, settled: Settled) -> ShadowVerdict | None:
        """What it says of a part; None if it was not asked."""
        ...


class Keeper:
    """Takes settled triggers from any thread and does the slow things with them in its own.

    Every result goes on to the spool. Frames are kept by policy; those that wait to be encoded are bounded in bytes:
    beyond it the frame is given up and counted, never the result.

    Attributes:
        latest: the latest part that can be seen.
        latest_result: of the latest trigger, also of one without a frame.
    """

    def __init__(
        self,
        policy: ImageSettings,
        store: Callable[[Record], None],
        observers: Sequence[Callable[[InspectionResult], None]] = (),
        acknowledged: Callable[[InspectionResult], int | None] = lambda _: None,
        shadow: Beside | None = None,
    ) -> None:
        """Prepare the thread.

        Args:
            policy: which frames are kept.
            store: takes each record.
            observers: see each result.
            acknowledged: tells when the outputs had taken a result; may wait a moment.
            shadow: judges beside the champion; None where nothing can.
        """
        self._acknowledged = acknowledged
        self._shadow = shadow
        self._since_change: dict[str, tuple[str, int]] = {}  # of each camera: its bundle, and how many frames it judged
        self._policy = policy
        self._store = store
        self._observers = observers
        self._random = Random(policy.seed)  # noqa: S311 - a sample, not a secret
        self._changed = Condition()
        self._queue: deque[tuple[Settled, float | None]] = deque()
        self._queued_bytes = 0
        self._given_up = 0
        self.latest: Settled | None = None
        self.latest_result: InspectionResult | None = None
        self.worker = Worker("keeper", self._step, wake=self._wake)

    @property
    def frames_given_up(self) -> int:
        """Frames that policy wanted to keep but that came faster than they could be encoded."""
        return self._given_up

    def put(self, settled: Settled) -> None:
        """Queue a settled trigger; never waits."""
        self.latest_result = settled.result
        if settled.frame.pixels is not None:
            self.latest = settled
        with self._changed:
            kept_share = self._drawn(settled)
            kept_share = kept_share if kept_share is not None and self._has_room(settled.frame) else None
            if kept_share is None and not self._is_looked_at_beside(settled):
                settled = replace(settled, frame=_without_image(settled.frame), judgement=None)
            self._queue.append((settled, kept_share))
            self._queued_bytes += _bytes_of(settled.frame)
            self._changed.notify()

    def stop(self) -> None:
        """Finish all that waits, then end."""
        self.worker.stop()
        while self._queue:
            self._step()

    def _drawn(self, settled: Settled) -> float | None:
        """With which chance such a frame is kept; None if this one is not."""
        first = self._is_among_the_first(settled.result)
        if settled.result.verdict in _KEEP_ALWAYS or first:
            return 1.0
        share = self._policy.keep_pass_fraction
        return share if self._random.random() < share else None

    def _is_among_the_first(self, result: InspectionResult) -> bool:
        """Whether people shall see the part because its bundle is new to its camera; views may have own models."""
        if result.bundle_id is None:
            return False
        bundle_id, judged = self._since_change.get(result.camera, (None, 0))
        judged = judged + 1 if bundle_id == result.bundle_id else 1
        self._since_change[result.camera] = (result.bundle_id, judged)
        return judged <= self._policy.keep_first_after_change

    def _with_acknowledgement(self, settled: Settled) -> Settled:
        at_us = self._acknowledged(settled.result)
        if at_us is None:
            return settled
        times = settled.result.times.model_copy(update={"acknowledged_us": at_us})
        return replace(settled, result=settled.result.model_copy(update={"times": times}))

    def _is_looked_at_beside(self, settled: Settled) -> bool:
        """Only if nothing waits: the challenger has no claim on memory or time."""
        return self._shadow is not None and not self._queue and self._shadow.wants(settled)

    def _with_shadow(self, settled: Settled) -> Settled:
        said = None if self._shadow is None or self._queue else self._shadow.judge(settled)
        if said is None:
            return settled
        return replace(settled, result=settled.result.model_copy(update={"shadow": said}))

    def _has_room(self, frame: Frame) -> bool:
        room = self._queued_bytes + _bytes_of(frame) <= self._policy.waiting_mb * 2**20 or not self._queue
        self._given_up += not room
        return room

    def _step(self) -> None:
        with self._changed:
            if not self._queue:
                self._changed.wait(_IDLE_S)
            if not self._queue:
                return
            settled, kept_share = self._queue.popleft()
            self._queued_bytes -= _bytes_of(settled.frame)
        settled = self._with_shadow(self._with_acknowledgement(settled))
        self._store(Record(settled.result) if kept_share is None else self._record(settled, kept_share))
        for observe in self._observers:
            observe(settled.result)

    def _record(self, settled: Settled, kept_share: float) -> Record:
        try:
            return record_with_images(settled, kept_share)
        except FrameRejected as error:
            _log.error("image of part %s is not kept: %s", settled.result.part_id, error)
        except Exception:  # noqa: BLE001 - an image that cannot be drawn must not cost the result
            _log.exception("image of part %s is not kept", settled.result.part_id)
        self._given_up += 1
        return Record(settled.result)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _without_image(frame: Frame) -> Frame:
    return replace(frame, pixels=None, encoded=None)


def _bytes_of(frame: Frame) -> int:
    """Memory that the frame holds."""
    pixels = 0 if frame.pixels is None else int(frame.pixels.nbytes)
    return pixels + (0 if frame.encoded is None else len(frame.encoded.data))
