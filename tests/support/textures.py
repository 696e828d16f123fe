"""Seeded pictures of a part with a fine texture, good or scratched, and folders of them in the layout of training."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DataFolder", "good_part", "hole_of", "scratch_of", "write_image"]

Image = NDArray[np.uint8]


def good_part(seed: int, side: int = 128) -> Image:
    """A grey disc with brushed lines on a dark ground, `(side, side, 3)`; another seed gives another part."""
    random = np.random.default_rng(seed)
    canvas = np.full((side, side), 40.0, np.float32)
    brushed = cv2.GaussianBlur(random.normal(0, 30, (side, side)).astype(np.float32), (1, 15), 0)
    disc = cv2.circle(np.zeros((side, side), np.uint8), (side // 2, side // 2), round(side * 0.4), 1, -1)
    canvas = np.where(disc > 0, 150 + brushed, canvas) + random.normal(0, 3, (side, side))
    return np.repeat(np.clip(canvas, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def scratch_of(seed: int, side: int = 128) -> tuple[Image, Image]:
    """A part with a bright scratch, and its mask, `(side, side)` of 0 and 255."""
    random = np.random.default_rng(seed)
    start = random.integers(round(side * 0.3), round(side * 0.5), 2)
    end = start + random.integers(round(side * 0.15), round(side * 0.25), 2)
    mask = cv2.line(np.zeros((side, side), np.uint8), start.tolist(), end.tolist(), 255, 3)
    image = good_part(seed, side)
    image[mask > 0] = 250
    return image, np.asarray(mask, np.uint8)


def hole_of(seed: int, side: int = 128) -> tuple[Image, Image]:
    """A part with a black hole, and its mask."""
    random = np.random.default_rng(seed)
    centre = random.integers(round(side * 0.35), round(side * 0.65), 2)
    mask = cv2.circle(np.zeros((side, side), np.uint8), centre.tolist(), round(side * 0.06), 255, -1)
    image = good_part(seed, side)
    image[mask > 0] = 5
    return image, np.asarray(mask, np.uint8)


def write_image(path: Path, image: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    """Write an image in the format of the suffix, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


class DataFolder:
    """A training folder that a test fills.

    Attributes:
        root: holds `train/good`, `test/<good or type>` and `ground_truth/<type>`.
        defects: holds `<type>/` and `masks/<type>/`, labelled defects to learn from.
    """

    def __init__(self, path: Path) -> None:
        self.root = path / "part"
        self.defects = path / "defects"
        self.root.mkdir(parents=True)

    def add_goods(self, seeds: range, side: int = 128) -> "DataFolder":
        """Good parts to learn from."""
        for seed in seeds:
            write_image(self.root / "train" / "good" / f"{seed:03}.png", good_part(seed, side))
        return self

    def add_tests(self, goods: range, defects: range, side: int = 128) -> "DataFolder":
        """Good parts, scratches and holes to report on, with masks."""
        for seed in goods:
            write_image(self.root / "test" / "good" / f"{seed:03}.png", good_part(seed, side))
        for seed in defects:
            for kind, make in (("scratch", scratch_of), ("hole", hole_of)):
                image, mask = make(seed, side)
                write_image(self.root / "test" / kind / f"{seed:03}.png", image)
                write_image(self.root / "ground_truth" / kind / f"{seed:03}_mask.png", mask)
        return self

    def add_scratches(self, seeds: range, side: int = 128, *, masks: bool = True) -> "DataFolder":
        """Labelled scratches to learn from."""
        for seed in seeds:
            image, mask = scratch_of(seed, side)
            write_image(self.defects / "scratch" / f"{seed:03}.png", image)
            if masks:
                write_image(self.defects / "masks" / "scratch" / f"{seed:03}.png", mask)
        return self
