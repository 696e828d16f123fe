"""The anomaly map as a picture to lay over the frame; drawn after the verdict, never before."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import FrameRejected
from edge.contract.frame import EncodedImage

__all__ = ["render_overlay"]

_CLEAR_BELOW = 0.5  # of the threshold: parts of the map that speak for a good part stay invisible
_FULL_AT = 2.0  # of the threshold, or at the map's peak where that is higher: a strong defect must not hide its place
_MAX_ALPHA = 200


def render_overlay(anomaly_map: NDArray[np.float32], threshold: float) -> EncodedImage:
    """Colour a map: clear where nothing is wrong, yellow around the threshold, red and dense above.

    Args:
        anomaly_map: `(H, W)` float32, in the units of `threshold`.
        threshold: the bundle's, > 0.

    Returns:
        PNG, RGBA, `(H, W)` pixels.

    Raises:
        FrameRejected: the map is empty or no `(H, W)`; there is no overlay for this part.
    """
    if anomaly_map.ndim != 2 or anomaly_map.size == 0:  # noqa: PLR2004 - (H, W)
        raise FrameRejected(f"anomaly map: expected shape (H, W), not empty, got {anomaly_map.shape}")
    relative = np.nan_to_num(anomaly_map / max(threshold, 1e-6), nan=_FULL_AT)
    full_at = max(_FULL_AT, float(relative.max()))
    strength = np.clip((relative - _CLEAR_BELOW) / (full_at - _CLEAR_BELOW), 0, 1)
    level = (255 * strength).astype(np.uint8)
    # The upper half of the colour map: yellow to red, so that blue never reads as "something here".
    colours = cv2.applyColorMap((128 + level // 2).astype(np.uint8), cv2.COLORMAP_JET)
    alpha = np.where(level > 0, 40 + level.astype(np.float32) * (_MAX_ALPHA - 40) / 255, 0).astype(np.uint8)
    ok, buffer = cv2.imencode(".png", np.dstack([colours, alpha]))
    if not ok:
        raise FrameRejected(f"cannot draw an anomaly map of shape {anomaly_map.shape}")
    return EncodedImage(data=buffer.tobytes(), media_type="image/png")
