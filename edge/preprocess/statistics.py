"""Statistics of what the network sees, by which a drift of light, focus or position shows before verdicts change."""

import math

import cv2
import numpy as np

from edge.contract.manifest import PreprocessSpec
from edge.contract.result import ImageStatistics
from edge.preprocess.geometry import NetworkInput
from edge.preprocess.pose import Pose

__all__ = ["image_statistics"]

_EVEN = 1e-6  # an even picture has -60 dB


def image_statistics(prepared: NetworkInput, spec: PreprocessSpec) -> ImageStatistics:
    """Brightness, contrast, sharpness and pose of one part.

    Only the green channel is looked at: it carries most of the light and needs no conversion.

    Args:
        prepared: what `preprocess` made of the frame.
        spec: by which it did.
    """
    green = cv2.extractChannel(prepared.tiles.reshape(-1, prepared.tiles.shape[2], 3), 1)
    mean, deviation = cv2.meanStdDev(green)
    _, edges = cv2.meanStdDev(cv2.Laplacian(green, cv2.CV_16S))
    brightness, contrast, edge = (float(np.ravel(value)[0]) for value in (mean, deviation, edges))
    x_px, y_px, turn_deg = (None, None, None) if prepared.pose is None else _lie(prepared.pose, spec)
    return ImageStatistics(
        brightness=brightness,
        contrast=contrast,
        sharpness_db=10 * math.log10(edge**2 / (contrast**2 + 1) + _EVEN),
        offset_x_px=x_px,
        offset_y_px=y_px,
        turn_deg=turn_deg,
    )


def _lie(pose: Pose, spec: PreprocessSpec) -> tuple[float, float, float]:
    """How far the part's middle lies from the golden image's, in pixels of the whole input, and its turn."""
    middle = np.array([(pose.size_px[0] - 1) / 2, (pose.size_px[1] - 1) / 2, 1])
    offset = (pose.motion @ middle - middle[:2]) * np.divide(spec.whole_px, pose.size_px)
    return float(offset[0]), float(offset[1]), pose.angle_deg
