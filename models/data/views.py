"""Views of a part that a person said look alike: a good part is good however it is turned or flipped.

Turns are by quarters, and flips are exact: no pixel is computed anew, nothing from outside the image is made up.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Invariance, PreprocessSpec

__all__ = ["views_of"]

Images = NDArray[np.uint8]


def views_of(pixels: Images, spec: PreprocessSpec, invariant: tuple[Invariance, ...]) -> Images:
    """All other views of images `(N, tiles, H, W, 3)`, as `(N, V, tiles, H, W, 3)`; V is 0 without an invariance.

    Raises:
        DataInvalid: the input cannot be turned or flipped: it is cut into tiles, aligned, or partly ignored.
    """
    if not invariant:
        return pixels[:, None, :0].reshape(len(pixels), 0, *pixels.shape[1:])
    for name, given in (("tiles", spec.tiles), ("--align", spec.alignment), ("--ignore-mask", spec.ignored)):
        if given is not None:
            raise DataInvalid(f"--invariant: expected an input without {name}: a turned one would show something else")
    return np.stack(list(_views(pixels, invariant, square=spec.height_px == spec.width_px)), axis=1)


def _views(pixels: Images, invariant: tuple[Invariance, ...], *, square: bool) -> Iterator[Images]:
    """A whole group but the identity, so that views of views are among them."""
    if invariant == ("flip",):
        yield np.flip(pixels, 2)
        yield np.flip(pixels, (2, 3))
    quarters = (0,) if "rotation" not in invariant else (0, 1, 2, 3) if square else (0, 2)
    for turns in quarters:
        turned = np.rot90(pixels, turns, (2, 3))
        if turns:
            yield turned
        if "flip" in invariant:
            yield np.flip(turned, 3)
