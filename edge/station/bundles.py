"""Which detector judges now, and how another one takes its place between two parts."""

import logging
from pathlib import Path
from threading import Event

from edge.bundle import load_detector
from edge.contract.errors import BundleMismatch, BundleRefused
from edge.contract.signature import TrustedKeys
from edge.inference import InferenceSettings
from edge.station.judge import Judge

__all__ = ["ACCEPTED", "BundleHolder"]

_log = logging.getLogger(__name__)
ACCEPTED = "accepted.bundle"
_MAX_REASON = 500


class BundleHolder:
    """Loads bundles aside and holds the one that judges.

    Attributes:
        current: asked by the judging thread once for each part; replaced by one assignment, so that a swap falls
            between two parts. The old one is freed when its last part is judged.
        refused: why the bundle that should run does not; None when all is well.
        first: set once any bundle runs.
    """

    def __init__(self, trusted: TrustedKeys, inference: InferenceSettings, recipe: str, state_dir: Path) -> None:
        """Start with nothing; `state_dir` keeps the last bundle that was accepted."""
        self.current: Judge | None = None
        self.refused: str | None = None
        self.first = Event()
        self._trusted = trusted
        self._inference = inference
        self._recipe = recipe
        self._accepted = state_dir / ACCEPTED

    @property
    def running_id(self) -> str | None:
        """Id of the bundle that judges now."""
        return None if self.current is None else self.current.bundle_id

    def start(self, configured: Path | None, *, prefer_accepted: bool) -> None:
        """Run the bundle of the settings or the last accepted one, so that a station starts without the plant.

        Args:
            configured: the bundle named in the settings.
            prefer_accepted: try the last accepted one first.

        Raises:
            BundleRefused: there are bundles, but none of them may run.
        """
        accepted = [self._accepted] if prefer_accepted and self._accepted.exists() else []
        candidates = [*accepted, *([] if configured is None else [configured])]
        for path in candidates:
            try:
                self._swap(self._load(path))
            except BundleRefused as error:
                _log.error("bundle refused: %s", error)
                self.refuse(str(error))
                last = error
            else:
                return
        if candidates:
            raise last

    def accept(self, path: Path, expected_id: str) -> None:
        """Verify, open and warm up a bundle aside, keep it for the next start, then let it judge.

        Raises:
            BundleRefused: it must not run; the old one goes on.
        """
        detector = self._load(path)
        if detector.bundle_id != expected_id:
            raise BundleMismatch(f"{path}: expected bundle {expected_id}, got {detector.bundle_id}")
        self._keep(path)
        self._swap(detector)

    def refuse(self, reason: str | None) -> None:
        """Show why the bundle that should run does not; None takes it back."""
        self.refused = None if reason is None else reason[:_MAX_REASON]

    def _load(self, path: Path) -> Judge:
        return load_detector(path, self._trusted, self._inference, self._recipe)

    def _keep(self, path: Path) -> None:
        try:
            self._accepted.parent.mkdir(parents=True, exist_ok=True)
            path.replace(self._accepted)
        except OSError as error:
            # It is verified and may judge; only the next start will have to fetch it again.
            _log.error("cannot keep the accepted bundle as %s: %s", self._accepted, error)

    def _swap(self, detector: Judge) -> None:
        self.current = detector
        self.refused = None
        self.first.set()
        _log.info("bundle %s judges now", detector.bundle_id)
