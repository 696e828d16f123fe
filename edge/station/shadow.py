"""A challenger beside the champion, in time that nobody needs: it decides nothing and delays nothing.

It judges after the verdict, one part at a time, only while no frame waits, with one thread of the lowest priority.
Parts for which there was no such time are counted.
"""

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edge.bundle import load_detector
from edge.contract.errors import BundleMismatch, BundleRefused, FrameRejected
from edge.contract.link import ShadowState
from edge.contract.result import ShadowVerdict, Verdict
from edge.contract.signature import TrustedKeys
from edge.inference import InferenceSettings
from edge.station.judge import Judge
from edge.station.line import Settled

__all__ = ["Shadow"]

_log = logging.getLogger(__name__)
_LOWEST = 19  # of Linux' nice values: of a core that two want it gets a seventieth
_MAX_REASON = 500


class Shadow:
    """Holds the challenger; `judge` is called from the keeper's thread."""

    def __init__(
        self, trusted: TrustedKeys, inference: InferenceSettings, recipe: str, busy: Callable[[], bool]
    ) -> None:
        """Start with nothing; `busy` tells whether a frame waits for its verdict."""
        self._trusted = trusted
        self._inference = inference.model_copy(update={"threads": 1})
        self._recipe = recipe
        self._busy = busy
        self._current: Judge | None = None
        self._refused: str | None = None
        self._judged = self._skipped = 0
        self._thread = ThreadPoolExecutor(1, "shadow", initializer=_step_back)

    @property
    def running_id(self) -> str | None:
        """Id of the challenger that judges beside."""
        return None if self._current is None else self._current.bundle_id

    def accept(self, path: Path, expected_id: str) -> None:
        """Verify, open and warm up a challenger aside, then let it judge beside the champion.

        Raises:
            BundleRefused: it must not run.
        """
        detector = load_detector(path, self._trusted, self._inference, self._recipe)
        if detector.bundle_id != expected_id:
            raise BundleMismatch(f"{path}: expected bundle {expected_id}, got {detector.bundle_id}")
        self._current, self._refused = detector, None
        self._judged = self._skipped = 0
        _log.info("bundle %s judges beside the champion", detector.bundle_id)

    def refuse(self, reason: str | None) -> None:
        """Show why the challenger does not run; None takes it back."""
        self._refused = None if reason is None else reason[:_MAX_REASON]

    def drop(self) -> None:
        """Nothing judges beside any more."""
        if self._current is not None:
            _log.info("bundle %s judges beside the champion no more", self._current.bundle_id)
        self._current, self._refused = None, None

    def stop(self) -> None:
        """End the thread."""
        self._current = None
        self._thread.shutdown(wait=True)

    def state(self) -> ShadowState | None:
        """For the heartbeat; None where nothing judges beside, and nothing shall."""
        if self._current is None and self._refused is None:
            return None
        return ShadowState(bundle_id=self.running_id, refused=self._refused, judged=self._judged, skipped=self._skipped)

    def wants(self, settled: Settled) -> bool:
        """Whether the frame of this part should be kept for a moment."""
        judged = settled.judgement is not None and settled.frame.pixels is not None
        return self._current is not None and judged and settled.result.recipe == self._recipe

    def judge(self, settled: Settled) -> ShadowVerdict | None:
        """What the challenger says of a part; None if it was not asked."""
        detector = self._current
        if detector is None or not self.wants(settled):
            return None
        if detector.bundle_id == settled.result.bundle_id or self._busy():
            self._skipped += 1
            return None
        said = self._thread.submit(_say, detector, settled).result()
        self._judged += 1
        return said


def _say(detector: Judge, settled: Settled) -> ShadowVerdict | None:
    pixels = settled.frame.pixels
    if pixels is None:
        return None
    try:
        judgement = detector.judge(pixels)
    except (FrameRejected, BundleRefused) as error:
        return _undecided(detector, str(error))
    except Exception as error:  # noqa: BLE001 - no fault of a challenger may cost the champion's result
        _log.exception("judging part beside the champion failed unexpectedly")
        return _undecided(detector, f"internal error: {type(error).__name__}: {error}")
    return ShadowVerdict(
        bundle_id=detector.bundle_id,
        verdict=judgement.verdict,
        score=judgement.score,
        session_run_ms=(judgement.inference_end_us - judgement.inference_start_us) / 1000,
    )


def _undecided(detector: Judge, reason: str) -> ShadowVerdict:
    return ShadowVerdict(bundle_id=detector.bundle_id, verdict=Verdict.UNDECIDED, reason=reason[:_MAX_REASON])


def _step_back() -> None:
    """Give way to every other thread; only Linux can do so for a thread alone."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
