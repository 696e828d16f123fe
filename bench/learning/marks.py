"""Harmless marks on pictures of real parts: alike on each part, at another place, turn and size."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

__all__ = ["MARKS", "marked"]

Image = NDArray[np.uint8]
Canvas = NDArray[np.float32]


def marked(image: Image, mark: str, seed: int) -> Image:
    """A copy `(H, W, 3)` uint8 with one mark, wholly inside the picture."""
    random = np.random.default_rng(seed)
    height, width = image.shape[:2]
    margin = 30
    centre = (random.uniform(margin, width - margin), random.uniform(margin, height - margin))
    light = MARKS[mark](np.zeros((height, width), np.float32), centre, random)
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.8), np.float32)  # as the lens does
    return np.clip(image.astype(np.float32) + light[..., None], 0, 255).astype(np.uint8)


def _fibre(canvas: Canvas, centre: tuple[float, float], random: Generator) -> Canvas:
    """A dark thread of 40 to 50 px, bent as a quarter of a circle or less."""
    length, turn, bend = random.uniform(40, 50), random.uniform(0, 2 * np.pi), random.uniform(0.5, 1.5)
    steps = np.linspace(-0.5, 0.5, 40)
    angles = turn + bend * steps
    points = np.cumsum(np.stack([np.cos(angles), np.sin(angles)], axis=1), axis=0) * length / 40
    points += np.array(centre) - points.mean(axis=0)
    cv2.polylines(canvas, [np.rint(points * 8).astype(np.int32)], isClosed=False, color=-60.0, thickness=2, shift=3)
    return canvas


def _ring(canvas: Canvas, centre: tuple[float, float], random: Generator) -> Canvas:
    """The bright edge of a dried drop, 18 to 24 px across."""
    at = (round(centre[0] * 8), round(centre[1] * 8))
    cv2.circle(canvas, at, round(random.uniform(9, 12) * 8), 45.0, 2, cv2.LINE_8, 3)
    return canvas


def _chalk(canvas: Canvas, centre: tuple[float, float], random: Generator) -> Canvas:
    """A bright dot of 8 to 12 px with a soft edge."""
    at, size = (round(centre[0] * 8), round(centre[1] * 8)), random.uniform(4, 6)
    cv2.circle(canvas, at, round(size * 8), 80.0, -1, cv2.LINE_8, 3)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.5), np.float32)


MARKS: dict[str, Callable[[Canvas, tuple[float, float], Generator], Canvas]] = {
    "fibre": _fibre,
    "ring": _ring,
    "chalk": _chalk,
}
