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

from models.features import PatchFeatures, extract
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
        found = {index: values for index, name in enumerate(names) if (values := self._read(name)) is not None}
        missing = [index for index in range(len(names)) if index not in found]
        fresh = extract(features, pixels[missing], progress, step)
        halves = [_half(values) for values in fresh]
        for index, values in zip(missing, halves, strict=True):
            self._write(names[index], values)
        return _joined(found | dict(zip(missing, halves, strict=True)), fresh)

    def trim(self) -> None:
        """Delete what was not used for longest until the folder keeps to its limit."""
        trim(self._folder, self._limit_bytes)

    def _read(self, name: str) -> NDArray[np.floating] | None:
        path = self._folder / name
        try:
            values: NDArray[np.floating] = np.load(path, allow_pickle=False)
            os.utime(path)  # used just now
        except (OSError, ValueError, EOFError):  # not there, or cut short: computed again, and written again
            return None
        return values

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


def _joined(parts: dict[int, NDArray[np.floating]], none: Tensor) -> Tensor:
    """By index `(N, P, D)` float32; `none` where there are no parts."""
    if not parts:
        return none.clone()
    joined = torch.empty(len(parts), *parts[0].shape)
    for index, values in parts.items():
        joined[index] = torch.from_numpy(values)
    return joined
