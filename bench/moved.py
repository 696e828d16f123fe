"""Real parts that do not lie in one place: turned by any angle, shifted and shrunk; a folder to measure on.

    .venv/bin/python bench/moved.py ../shared/data/metal_nut moved/metal_nut
    .venv/bin/python bench/accuracy.py --data moved metal_nut

Each image is turned around its centre, shifted by up to 6 % of its width and shown at three quarters of its size; what
was outside of it repeats its border. Masks move with their image. Seeded by the file's name.
"""

import argparse
import sys
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif"}
_SCALE = 0.75
_SHIFT = 0.06


def main() -> None:
    """Write a moved copy of every image of the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", type=Path, help="folder in the MVTec AD layout")
    parser.add_argument("out", type=Path, help="folder to write")
    options = parser.parse_args()
    files = [path for path in sorted(options.part.rglob("*")) if path.suffix.lower() in _SUFFIXES]
    if not files:
        sys.exit(f"{options.part}: no images")
    for path in files:
        target = (options.out / path.relative_to(options.part)).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        moved = _moved(
            np.asarray(cv2.imread(str(path)), np.uint8),
            path.stem.removesuffix("_mask"),
            mask="ground_truth" in path.parts,
        )
        cv2.imwrite(str(target), moved)


def _moved(pixels: NDArray[np.uint8], name: str, *, mask: bool) -> NDArray[np.uint8]:
    draw = np.random.default_rng(crc32(name.encode()))
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), draw.uniform(0, 360), _SCALE)
    matrix[:, 2] += draw.uniform(-_SHIFT, _SHIFT, 2) * width
    how = cv2.INTER_NEAREST if mask else cv2.INTER_LINEAR
    border = cv2.BORDER_CONSTANT if mask else cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), flags=how, borderMode=border), np.uint8)


if __name__ == "__main__":
    main()
