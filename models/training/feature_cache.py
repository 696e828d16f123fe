"""Features of images that an earlier training has seen: a retraining extracts those of new images only.

Features depend on the network's input and the trunk, and on nothing else: both are in the key, so that another ROI or
size never finds what is not its own. A file per image in half precision, written whole or not at all. The folder may be
deleted at any time, or lose files while a training runs: what is not there is computed again.
"""

import logging
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.features import PatchFeatures, extract
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
        files = sorted(_sizes(self._folder), key=lambda file: file[0])
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self._limit_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

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
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, suffix=".tmp", delete=False) as file:
                np.save(file, values)
            Path(file.name).replace(self._folder / name)
        except OSError as error:
            self._writable = False
            log.warning("%s: features cannot be kept for the next training: %s", self._folder, error)


def _name(features: PatchFeatures, part: NDArray[np.uint8]) -> str:
    told = sha256(_FORMAT + features.trunk.sha256.encode() + repr(part.shape).encode())
    told.update(part.tobytes())
    return told.hexdigest() + _SUFFIX


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


def _sizes(folder: Path) -> Sequence[tuple[float, int, Path]]:
    """When each file was used last, its bytes, and its path; leftovers of a killed training count, too."""
    found = []
    for path in folder.glob("*"):
        try:
            told = path.stat()
        except FileNotFoundError:
            continue
        found.append((told.st_mtime, told.st_size, path))
    return found
