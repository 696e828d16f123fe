"""A simulated line: rendered parts with jitter of pose, drifting light, blur, and defects of known type and mask."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.cameras.framing import Framing
from edge.cameras.pace import Pace
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import SimulatedCameraSettings
from edge.clock import Clock
from edge.contract.frame import Frame, Pixels

__all__ = ["DEFECTS", "RenderedPart", "SimulatedCamera", "render_part"]

_DRIFT_PARTS = 200  # parts in which the light sways once up and down
_TINT = np.array([1.0, 0.99, 0.97], np.float32)  # red, green, blue of the lamp
_RIM, _HOLES_AT, _HOLE = 0.4, 0.25, 0.04  # radii as shares of the frame
_NOISE = 1.5  # grey levels, standard deviation
Canvas = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RenderedPart:
    """One part and the truth about it.

    Attributes:
        pixels: `(S, S, 3)` uint8, RGB.
        defect: type of its defect; None for a good part.
        mask: `(S, S)` bool, True where the defect is.
    """

    pixels: Pixels
    defect: str | None
    mask: NDArray[np.bool_]


class SimulatedCamera(Camera):
    """Delivers rendered parts at a fixed rate; the truth is in the frame's `source`, the mask in `render_part`."""

    def __init__(self, settings: SimulatedCameraSettings, clock: Clock) -> None:
        """Prepare; there is nothing to connect to."""
        self.name = settings.name
        self._settings = settings
        self._framing = Framing(settings.name, clock)
        self._pace = Pace(settings.rate_hz, clock)
        self._index = 0

    def open(self) -> None:
        """Start the belt."""
        self._pace.restart()

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """Wait until the next part is due, and render it."""
        if self._settings.limit is not None and self._index >= self._settings.limit:
            return NoFrame.END
        if not self._pace.wait(timeout_s):
            return NoFrame.NOT_YET
        part = render_part(self._settings, self._index)
        self._index += 1
        return self._framing.frame(part.pixels, source=f"simulated {self._index - 1}: {part.defect or 'good'}")

    def close(self) -> None:
        """Stop the belt; the next part comes after the one before."""


def render_part(settings: SimulatedCameraSettings, index: int) -> RenderedPart:
    """Part number `index` of the line; the same settings and index always give the same pixels.

    Returns:
        a turned steel disc with a hole pattern, on a darker belt.
    """
    random = np.random.default_rng([settings.seed, index])
    size = settings.size_px
    canvas = _disc(size).copy()
    defect, mask = None, np.zeros((size, size), np.uint8)
    if random.random() < settings.defect_fraction:
        defect = str(random.choice(list(DEFECTS)))
        DEFECTS[defect](canvas, mask, random)
    move = _pose(settings, random)
    turned: Any = cv2.warpAffine(canvas, move, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    turned_mask: Any = cv2.warpAffine(mask, move, (size, size), flags=cv2.INTER_NEAREST)
    return RenderedPart(_exposed(turned, settings, random, index), defect, turned_mask > 0)


@cache
def _disc(size: int) -> Canvas:
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    dy, dx = (rows - size / 2) / size, (columns - size / 2) / size
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    canvas = np.full((size, size), 55.0, np.float32)
    steel = 150 + 12 * np.cos(2 * angle) + 5 * np.sin(radius * 400)
    canvas = np.where(radius < _RIM, steel, canvas).astype(np.float32)
    for turn in range(6):
        middle = (turn + 0.5) * math.pi / 3
        hole = np.hypot(dx - _HOLES_AT * math.cos(middle), dy - _HOLES_AT * math.sin(middle)) < _HOLE
        canvas[hole] = 40
    return canvas


def _pose(settings: SimulatedCameraSettings, random: Generator) -> NDArray[np.float64]:
    middle, shift = settings.size_px / 2, settings.jitter_px
    turn = cv2.getRotationMatrix2D((middle, middle), random.uniform(-1, 1) * settings.jitter_deg, 1.0)
    move: NDArray[np.float64] = np.asarray(turn, np.float64)
    move[:, 2] += random.uniform(-shift, shift, 2)
    return move


def _exposed(canvas: Any, settings: SimulatedCameraSettings, random: Generator, index: int) -> Pixels:
    light = 1 + settings.lighting_drift * math.sin(2 * math.pi * index / _DRIFT_PARTS)
    blur = random.uniform(0, settings.blur_px)
    lit: Any = canvas * light
    if blur > 0:
        lit = cv2.GaussianBlur(lit, (0, 0), max(blur, 0.01))
    noisy = lit + _NOISE * random.standard_normal(lit.shape, np.float32)
    pixels: Pixels = np.clip(noisy[..., None] * _TINT, 0, 255).astype(np.uint8)
    return pixels


def _place(size: int, random: Generator) -> tuple[int, int]:
    """A point on the steel, between hub and rim: x, y."""
    radius, angle = random.uniform(0.08, 0.34) * size, random.uniform(0, 2 * math.pi)
    return round(size / 2 + radius * math.cos(angle)), round(size / 2 + radius * math.sin(angle))


def _scratch(canvas: Canvas, mask: NDArray[np.uint8], random: Generator) -> None:
    size = canvas.shape[0]
    start, angle = _place(size, random), random.uniform(0, math.pi)
    length = random.uniform(0.08, 0.2) * size
    end = (round(start[0] + length * math.cos(angle)), round(start[1] + length * math.sin(angle)))
    thickness = max(1, size // 170)
    cv2.line(canvas, start, end, 215.0, thickness, cv2.LINE_AA)
    cv2.line(mask, start, end, 255, thickness + 1)


def _dent(canvas: Canvas, mask: NDArray[np.uint8], random: Generator) -> None:
    size = canvas.shape[0]
    middle, radius = _place(size, random), max(2, round(random.uniform(0.015, 0.035) * size))
    cv2.circle(canvas, middle, radius, 95.0, -1, cv2.LINE_AA)
    cv2.circle(canvas, (middle[0] - radius // 3, middle[1] - radius // 3), radius // 2, 190.0, -1, cv2.LINE_AA)
    cv2.circle(mask, middle, radius, 255, -1)


def _stain(canvas: Canvas, mask: NDArray[np.uint8], random: Generator) -> None:
    size = canvas.shape[0]
    axes = (max(2, round(random.uniform(0.03, 0.07) * size)), max(2, round(random.uniform(0.02, 0.04) * size)))
    cv2.ellipse(mask, _place(size, random), axes, random.uniform(0, 180), 0, 360, 255, -1)
    canvas -= cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), size / 150) * 45


def _missing_hole(canvas: Canvas, mask: NDArray[np.uint8], random: Generator) -> None:
    size = canvas.shape[0]
    angle = (random.integers(6) + 0.5) * math.pi / 3
    middle = (
        round(size / 2 + _HOLES_AT * size * math.cos(angle)),
        round(size / 2 + _HOLES_AT * size * math.sin(angle)),
    )
    cv2.circle(canvas, middle, round(0.045 * size), 150.0, -1, cv2.LINE_AA)
    cv2.circle(mask, middle, round(0.045 * size), 255, -1)


DEFECTS: dict[str, Callable[[Canvas, NDArray[np.uint8], Generator], None]] = {
    "scratch": _scratch,
    "dent": _dent,
    "stain": _stain,
    "missing_hole": _missing_hole,
}
"""How each type of defect is drawn: into the part, and into its mask."""
