"""Facts of the views: how many there are, and that they are exact."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Alignment, Invariance, PreprocessSpec, Tiles
from edge.contract.picture import SmallPicture
from models.data.views import views_of


def images(height: int, width: int) -> NDArray[np.uint8]:
    """Two images `(2, 1, height, width, 3)` without any symmetry."""
    return np.random.default_rng(0).integers(0, 256, (2, 1, height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("size", "invariant", "count"),
    [
        ((32, 32), (), 0),
        ((32, 32), ("flip",), 3),
        ((32, 32), ("rotation",), 3),
        ((32, 64), ("rotation",), 1),
        ((32, 32), ("rotation", "flip"), 7),
        ((32, 64), ("rotation", "flip"), 3),
    ],
)
def test_views_are_all_different_and_make_a_group(
    size: tuple[int, int], invariant: tuple[Invariance, ...], count: int
) -> None:
    """A view of a view is a view again, so that it does not matter in which one a part was first seen."""
    spec = PreprocessSpec(height_px=size[0], width_px=size[1])
    pixels = images(*size)
    views = views_of(pixels, spec, invariant)
    assert views.shape == (2, count, 1, *size, 3)
    known = {pixels[0].tobytes(), *(view.tobytes() for view in views[0])}
    assert len(known) == count + 1
    for number in range(count):
        again = views_of(np.ascontiguousarray(views[:, number]), spec, invariant)
        assert {view.tobytes() for view in again[0]} <= known


@pytest.mark.parametrize(
    "geometry",
    [
        {"tiles": Tiles(rows=1, columns=2, overlap_px=8)},
        {"alignment": Alignment(golden=SmallPicture.of(images(16, 16)[0, 0, :, :, 0]), min_correlation=0.1)},
        {"ignored": SmallPicture.of(np.zeros((32, 32), np.uint8))},
    ],
)
def test_what_would_show_something_else_when_turned_is_refused(geometry: dict[str, Any]) -> None:
    with pytest.raises(DataInvalid, match="--invariant: expected an input without"):
        views_of(images(32, 32), PreprocessSpec(height_px=32, width_px=32, **geometry), ("flip",))
