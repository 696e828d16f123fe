"""What judges frames, as the critical path sees it."""

from typing import Protocol

from edge.contract.frame import Pixels
from edge.contract.manifest import Manifest
from edge.inference import Judgement

__all__ = ["Judge"]


class Judge(Protocol):
    """What judges frames: `edge.inference.Detector`."""

    bundle_id: str
    manifest: Manifest

    def judge(self, pixels: Pixels) -> Judgement:
        """Judge one frame, or raise FrameRejected; several threads may ask at once."""
        ...
