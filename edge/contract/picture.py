"""A small grey picture that travels inside a manifest."""

import base64
import zlib
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from edge.contract.values import Value

__all__ = ["SmallPicture"]


class SmallPicture(Value):
    """Rows of grey values, deflated; lossless, and read without an image decoder."""

    width_px: Annotated[int, Field(ge=1, le=16384)]
    height_px: Annotated[int, Field(ge=1, le=16384)]
    deflated_base64: str

    @model_validator(mode="after")
    def _complete(self) -> "SmallPicture":
        if len(self._bytes()) != self.width_px * self.height_px:
            msg = f"picture: expected {self.width_px}x{self.height_px} grey values, got {len(self._bytes())}"
            raise ValueError(msg)
        return self

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "SmallPicture":
        """Pack `(H, W)` uint8."""
        data = base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode("ascii")
        return cls(width_px=pixels.shape[1], height_px=pixels.shape[0], deflated_base64=data)

    def pixels(self) -> NDArray[np.uint8]:
        """Unpack `(H, W)` uint8; read-only."""
        return np.frombuffer(self._bytes(), np.uint8).reshape(self.height_px, self.width_px)

    def _bytes(self) -> bytes:
        """Never more than stated, whatever the data would unpack to."""
        try:
            packed = base64.b64decode(self.deflated_base64, validate=True)
            return zlib.decompressobj().decompress(packed, self.width_px * self.height_px)
        except (ValueError, zlib.error) as error:
            msg = f"picture: cannot be unpacked: {error}"
            raise ValueError(msg) from error
