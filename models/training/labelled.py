"""Features of labelled defects, where each is marked, and the same parts as if they lay a little otherwise."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.contract.manifest import PreprocessSpec
from edge.preprocess.tiles import cut
from models.data.images import ImageSet
from models.data.variations import varied
from models.heads.defect import LabelledFeatures, Variations

__all__ = ["labelled_features", "marked_patches"]


def labelled_features(
    extractor: Callable[[NDArray[np.uint8], str], Tensor],
    defects: ImageSet,
    classes: tuple[str, ...],
    spec: PreprocessSpec,
    stride_px: int,
    *,
    varies: bool,
) -> LabelledFeatures | None:
    """What is learnt of labelled parts; None if there are none.

    Args:
        extractor: pixels `(N, tiles, H, W, 3)` and the name of a step to features `(N, P, D)`.
        defects: labelled parts.
        classes: names of all types.
        spec: by which they were read.
        stride_px: of the grid.
        varies: whether variations are of use.
    """
    index = torch.tensor([classes.index(item.defect_type or "") for item in defects.items], dtype=torch.long)
    # What is ignored lies where it lies: a part that is partly hidden cannot be moved under it.
    pixels, of = _variations(defects.pixels, index if varies and spec.ignored is None else index[:0])
    values = extractor(np.concatenate([defects.pixels, pixels]) if len(of) else defects.pixels, "features of defects")
    if not len(defects):
        return None
    marked = torch.stack([marked_patches(mask, spec, stride_px) for mask in defects.masks])
    outlined = torch.tensor([item.mask is not None for item in defects.items]) & marked.any(dim=1)
    marked = torch.where(marked.any(dim=1, keepdim=True), marked, True)  # noqa: FBT003 - of nothing marked, anything
    variations = Variations(values[len(index) :], of) if len(of) else None
    return LabelledFeatures(values[: len(index)], index, marked, outlined, variations)


def _variations(pixels: NDArray[np.uint8], classes: Tensor) -> tuple[NDArray[np.uint8], Tensor]:
    """Variations `(R, tiles, H, W, 3)` of parts of these types `(M,)`, and whose each is `(R,)`."""
    found, of = [pixels[:0]], [classes[:0]]
    for type_ in sorted(set(classes.tolist())):
        own = torch.nonzero(classes == type_).flatten()
        views = varied(pixels[own.numpy()], len(own))  # (n, V, tiles, H, W, 3)
        found.append(views.reshape(-1, *views.shape[2:]))
        of.append(own.repeat_interleave(views.shape[1]))
    return np.concatenate(found), torch.cat(of)


def marked_patches(mask: NDArray[np.bool_] | None, spec: PreprocessSpec, stride_px: int) -> Tensor:
    """Grid positions `(P,)` of all tiles that a mask of the whole input touches."""
    width, height = spec.whole_px
    tiles = cut(np.zeros((height, width), np.bool_) if mask is None else mask, spec)  # (T, h, w)
    rows, columns = spec.height_px // stride_px, spec.width_px // stride_px
    cells = tiles.reshape(len(tiles), rows, stride_px, columns, stride_px).any(axis=(2, 4))
    return torch.from_numpy(cells).flatten()
