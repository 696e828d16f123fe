"""From a bundle file to a detector that may judge parts."""

from edge.bundle.loading import load_detector
from edge.bundle.parity import pack_parity, unpack_parity

__all__ = ["load_detector", "pack_parity", "unpack_parity"]
