"""Features of images that an earlier training has seen: a retraining extracts those of new images only.

Features depend on the network's input and the trunk, and on nothing else: both are in the key, so that another ROI or
size never finds what is not its own. A file per image in half precision; what is not there is computed again.
"""

import logging
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.features import PatchFeatures, extract_into, room_for
from models.kept_files import trim, write_whole
from models.progress import Progress

__all__ = ["FeatureCache"]

_FORMAT = b"1"
_SUFFIX = ".npy"

log = logging.getLogger(__name__)


class FeatureCache:
    """Order of calls: `features_of` as often as needed, then `trim`; several processes may share a folder."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._writable = True

    def features_of(self, features: PatchFeatures, pixels: NDArray[np.uint8], progress: Progress, step: str) -> Tensor:
        """Features `(N, tiles * positions, D)` of `(N, tiles, H, W, 3)` pixels.

        Rounded to half precision whether they were found or not: a bundle must not depend on what was in the cache.
        """
        names = [_name(features, part) for part in pixels]
        joined = room_for(features, pixels)
        missing = [index for index, name in enumerate(names) if not self._found(name, joined[index])]
        extract_into(joined, missing, features, pixels, progress, step)
        for index in missing:
            values = _half(joined[index])
            joined[index] = torch.from_numpy(values)
            self._write(names[index], values)
        return joined

    def trim(self) -> None:
        """Delete what was not used for longest until the folder keeps to its limit."""
        trim(self._folder, self._limit_bytes)

    def _found(self, name: str, into: Tensor) -> bool:
        """Fill in features `(P, D)` that are there."""
        path = self._folder / name
        try:
            into.copy_(torch.from_numpy(np.load(path, allow_pickle=False)))
            os.utime(path)  # used just now
        except (OSError, ValueError, EOFError):  # not there, or cut short: computed again, and written again
            return False
        return True

    def _write(self, name: str, values: NDArray[np.floating]) -> None:
        if not self._writable:
            return
        try:
            write_whole(self._folder / name, _as_file(values))
        except OSError as error:
            self._writable = False
            log.warning("%s: features cannot be kept for the next training: %s", self._folder, error)


def _name(features: PatchFeatures, part: NDArray[np.uint8]) -> str:
    told = sha256(_FORMAT + features.trunk.sha256.encode() + repr(part.shape).encode())
    told.update(part.tobytes())
    return told.hexdigest() + _SUFFIX


def _as_file(values: NDArray[np.floating]) -> bytes:
    file = BytesIO()
    np.save(file, values)
    return file.getvalue()


def _half(values: Tensor) -> NDArray[np.floating]:
    """In half precision, unless a feature is too large for that."""
    full: NDArray[np.float32] = values.numpy()
    with np.errstate(over="ignore"):
        half = full.astype(np.float16)
    return half if np.isfinite(half).all() else full
