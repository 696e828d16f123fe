"""Frames in another compression than the model learnt from: what JPEG does to a surface can look like a defect.

Known by the file's format alone: JPEG, or without loss. Another quality of JPEG is not noticed.
"""

import logging
from threading import Lock

from edge.contract.manifest import Manifest

__all__ = ["CompressionWatch"]

_JPEG = "image/jpeg"

log = logging.getLogger(__name__)


class CompressionWatch:
    """Says it once for each bundle, not for each frame."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._lock = Lock()

    def look(self, bundle_id: str, manifest: Manifest, media_type: str | None) -> None:
        """Compare one frame with what the bundle learnt from.

        Args:
            bundle_id: of the bundle that judges.
            manifest: its manifest; one that does not say how its images were stored is never contradicted.
            media_type: of the frame's file; None for pixels that were in no file.
        """
        learnt = manifest.data.formats
        if not learnt or bundle_id in self._told or (media_type == _JPEG) in {name == _JPEG for name in learnt}:
            return
        with self._lock:
            if bundle_id in self._told:
                return
            self._told.add(bundle_id)
        log.warning(
            "frames come as %s, bundle %s learnt from %s: their compression alone can change a verdict; train with "
            "images as the line delivers them",
            media_type or "pixels without compression",
            bundle_id[:12],
            ", ".join(f"{count} {name}" for name, count in learnt.items()),
        )
