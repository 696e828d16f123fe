"""The parity sample: inputs with the score expected for each, so that a box can check itself before it judges."""

import io
import zipfile

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import BundleCorrupt

__all__ = ["pack_parity", "unpack_parity"]


def pack_parity(pixels: NDArray[np.uint8], score: NDArray[np.float32]) -> bytes:
    """Pack `(K, tiles, height, width, 3)` uint8 inputs and their `(K,)` float32 scores."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, pixels=pixels, score=score)
    return buffer.getvalue()


def unpack_parity(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Inverse of `pack_parity`.

    Raises:
        BundleCorrupt: not such a file.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return arrays["pixels"], arrays["score"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BundleCorrupt(f"parity.npz: cannot be read: {error}") from error
