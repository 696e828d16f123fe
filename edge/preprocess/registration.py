"""Where a part lies, found in two steps on a small grey picture: turn by polar correlation, then least squares.

Around the part's centre a turn is a shift of the angle, so one correlation over all angles finds it from any start.
Least squares then finds turn and shift to a hundredth of a pixel. OpenCV's `findTransformECC` does the same and was
tried: version 5.0 gives up with NaN on a third of real parts from starts where this converges.
Source: Baker and Matthews, "Lucas-Kanade 20 Years On" (IJCV 2004), inverse compositional, section 3.2.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import PartNotFound
from edge.contract.manifest import Alignment
from edge.contract.picture import SmallPicture
from edge.preprocess.pose import Pose
from edge.preprocess.resizing import resize

__all__ = ["Golden", "find_pose"]

Floats = NDArray[np.float32]

_ANGLES, _RADII = 256, 48
_TURNS = 3  # peaks of the correlation that are tried: a part may look much the same after a quarter turn
_APART = 6  # angles between two peaks
_EARNED = 0.01  # correlation that a turn must gain over none: a round part is left as it lies
_BACKGROUND = 0.2  # of the strongest difference from the border; less is no part
_ROUNDS = 12
_STILL_PX = 0.01
_RIDGE = 1e-3  # of the largest curvature: where nothing shows the turn, none is made up


def find_pose(roi_pixels: NDArray[np.uint8], alignment: Alignment) -> Pose:
    """Find how a part lies.

    Args:
        roi_pixels: `(H, W, 3)` uint8, the whole ROI at any size.
        alignment: the golden image, and how well a part must agree with it.

    Raises:
        PartNotFound: no pose agrees well enough; the station answers UNDECIDED.
    """
    pose = _golden_of(alignment.golden).find(roi_pixels)
    if not pose.correlation >= alignment.min_correlation:
        raise PartNotFound(
            f"alignment: expected a correlation with the golden image of at least {alignment.min_correlation:.2f}, "
            f"got {pose.correlation:.2f}"
        )
    return pose


@lru_cache(maxsize=4)
def _golden_of(picture: SmallPicture) -> "Golden":
    return Golden(picture.pixels())


class Golden:
    """The golden image, with all that can be computed before a part comes."""

    def __init__(self, grey: NDArray[np.uint8]) -> None:
        """Take `(h, w)` uint8."""
        self.size_px = (grey.shape[1], grey.shape[0])
        self._grey = _standard(grey.astype(np.float32))
        self._centre = _centre(self._grey)
        self._rays = _Rays(self.size_px)
        self._spectrum = self._rays.spectrum(self._grey, self._centre).conj()
        self._steepest, self._solver = _least_squares(self._grey, self._centre)

    def find(self, roi_pixels: NDArray[np.uint8]) -> Pose:
        """The best pose, however bad it is; of `(H, W, 3)` or `(H, W)` uint8."""
        grey = roi_pixels if roi_pixels.ndim == 2 else cv2.cvtColor(roi_pixels, cv2.COLOR_RGB2GRAY)  # noqa: PLR2004
        part = _standard(resize(np.asarray(grey, np.uint8), *self.size_px).astype(np.float32))
        motion, found = self._refine(part, *self._coarse(part))
        return Pose(motion.astype(np.float64), self.size_px, found)

    def _coarse(self, part: Floats) -> tuple[Floats, float]:
        """The best of a few turns about the part's centre, and of none."""
        centre = _centre(part)
        correlation = np.fft.irfft((self._rays.spectrum(part, centre) * self._spectrum).sum(axis=1), n=_ANGLES)
        motions = [_turn(angle, self._centre, centre) for angle in (0.0, *_peaks(correlation))]
        rated = [(motion, self._agreement(part, motion)) for motion in motions]
        best = max(rated, key=lambda pair: pair[1])
        return best if best[1] > rated[0][1] + _EARNED else rated[0]

    def _refine(self, part: Floats, motion: Floats, agreement: float) -> tuple[Floats, float]:
        """Newton steps, as long as they lead anywhere; never to something worse."""
        start = motion, agreement
        for _ in range(_ROUNDS):
            step = self._solver @ (self._steepest @ (_standard(_moved(part, motion)) - self._grey).ravel())
            motion = _compose(motion, _turn(-float(step[0]), self._centre, self._centre - step[1:]))
            if float(np.abs(step * (self.size_px[0] / 2, 1, 1)).max()) < _STILL_PX:
                break
        agreement = self._agreement(part, motion)
        return (motion, agreement) if agreement > start[1] else start

    def _agreement(self, part: Floats, motion: Floats) -> float:
        return float((_standard(_moved(part, motion)) * self._grey).mean())


class _Rays:
    """Rays around a centre: `_ANGLES` directions, `_RADII` points on each."""

    def __init__(self, size_px: tuple[int, int]) -> None:
        share = (np.arange(_RADII, dtype=np.float32) + 0.5) / _RADII
        radius = share * np.sqrt(size_px[0] * size_px[1]) / 2
        angle = np.arange(_ANGLES, dtype=np.float32)[:, None] * (2 * np.pi / _ANGLES)
        self._x, self._y = np.cos(angle) * radius, np.sin(angle) * radius
        self._weight = np.sqrt(share)  # the square root of the area that a point stands for

    def spectrum(self, grey: Floats, centre: Floats) -> NDArray[np.complex64]:
        """Spectrum along the angle, `(frequencies, radii)`, of `(h, w)`; a ring's mean tells no turn."""
        x, y = (self._x + centre[0]).astype(np.float32), (self._y + centre[1]).astype(np.float32)
        polar = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(np.fft.rfft((polar - polar.mean(axis=0)) * self._weight, axis=0), np.complex64)


def _standard(grey: Floats) -> Floats:
    """Mean 0 and standard deviation 1, so that brightness and contrast play no part."""
    mean, deviation = cv2.meanStdDev(grey)
    return np.asarray((grey - mean[0, 0]) / max(deviation[0, 0], 1e-3), np.float32)


def _centre(grey: Floats) -> Floats:
    """Centre of what differs from the border, `(x, y)`; the middle if nothing does."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    part = np.abs(grey - np.median(border))
    moments = cv2.moments(np.maximum(part - _BACKGROUND * part.max(), 0))
    if moments["m00"] < 1:
        return np.array([(grey.shape[1] - 1) / 2, (grey.shape[0] - 1) / 2], np.float32)
    return np.array([moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]], np.float32)


def _peaks(correlation: NDArray[np.floating]) -> list[float]:
    """The angles in radians of the highest peaks, each by a parabola through three points."""
    left = correlation.copy()
    found = []
    for _ in range(_TURNS):
        top = int(left.argmax())
        before, at, after = correlation[[top - 1, top, (top + 1) % _ANGLES]]
        bend = before - 2 * at + after
        offset = 0.5 * (before - after) / bend if bend < 0 else 0.0
        found.append(float((top + offset) * 2 * np.pi / _ANGLES))
        left[np.arange(top - _APART, top + _APART + 1) % _ANGLES] = -np.inf
    return found


def _turn(angle: float, source: Floats, target: Floats) -> Floats:
    """Turn by `angle` radians about `source`, which comes to lie on `target`; `(2, 3)`."""
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.array([[cos, -sin], [sin, cos]], np.float32)
    return np.hstack([turned, (target - turned @ source)[:, None]]).astype(np.float32)


def _compose(outer: Floats, inner: Floats) -> Floats:
    """First `inner`, then `outer`."""
    joined = outer[:, :2] @ inner
    joined[:, 2] += outer[:, 2]
    return np.asarray(joined, np.float32)


def _moved(part: Floats, motion: Floats) -> Floats:
    size = (part.shape[1], part.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, motion, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _least_squares(grey: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """How each pixel answers to a turn and a shift about `centre`, `(3, h * w)`, and what solves for them, `(3, 3)`."""
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    turn = dy * (x - centre[0]) - dx * (y - centre[1])
    steepest = np.stack([turn.ravel(), dx.ravel(), dy.ravel()])
    curvature = steepest @ steepest.T
    return steepest, np.linalg.inv(curvature + _RIDGE * np.diag(np.diag(curvature) + 1e-6)).astype(np.float32)
