"""A folder of test images and a bundle that judges them, one of each kind wrongly."""

from pathlib import Path

import numpy as np

from edge.contract.signature import SigningKey
from tests.support.textures import write_image
from tests.support.tiny_bundle import SIZE, write_tiny_bundle

__all__ = ["HOSTILE", "judged_folder"]

HOSTILE = "<img src=x onerror=alert(1)>"


def judged_folder(path: Path) -> tuple[Path, str, Path]:
    """Bundle, public key and folder: an escape, an overkill, and a defect type with a hostile name."""
    key = SigningKey.load_or_create(path / "key.pem")
    bundle = path / "tiny.bundle"
    write_tiny_bundle(bundle, key)
    spots = {"good/1": 128, "good/2": 150, "good/3": 255, "cut/1": 140, "cut/2": 250, f"{HOSTILE}/1": 254}
    for name, value in spots.items():
        image = np.full((SIZE, SIZE, 3), 128, np.uint8)
        image[20:30, 20:30] = value
        write_image(path / "images" / "test" / f"{name}.png", image)
    return bundle, key.public_text, path / "images"
