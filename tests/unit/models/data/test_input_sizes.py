"""Facts of the size of the network's input."""

import pytest

from edge.contract.errors import DataInvalid
from edge.contract.manifest import PreprocessSpec
from models.data.sizing import SEEN_PX, input_size


def test_a_square_frame_gives_a_square() -> None:
    assert input_size((900, 900), 256, 32, None).whole_px == (256, 256)


def test_frames_of_several_sizes_give_a_square() -> None:
    assert input_size(None, 336, 14, None).whole_px == (336, 336)


@pytest.mark.parametrize("area", [(1920, 1440), (1440, 1920), (4096, 256), (640, 480), (100, 2000)])
@pytest.mark.parametrize(("side", "step"), [(256, 32), (336, 14)])
def test_other_shapes_keep_their_shape_and_cost_the_same(area: tuple[int, int], side: int, step: int) -> None:
    width, height = input_size(area, side, step, None).whole_px
    assert width % step == height % step == 0
    assert width * height == pytest.approx(side**2, rel=0.3)
    assert width / height == pytest.approx(area[0] / area[1], rel=0.3)


@pytest.mark.parametrize("area", [(2000, 2000), (4096, 256), (1920, 1080)])
@pytest.mark.parametrize("smallest", [10.0, 20.0, 40.0, 100.0])
def test_the_smallest_defect_covers_enough_of_the_input(area: tuple[int, int], smallest: float) -> None:
    size = input_size(area, 256, 32, smallest)
    tolerance = 1 if size.tiles else 1.2  # a multiple of 32 px may be a little less
    assert size.smallest_defect_px(area) <= smallest * tolerance


def test_an_input_is_never_finer_than_the_camera() -> None:
    size = input_size((800, 600), 256, 32, 1.0)
    assert size.tiles is not None
    assert size.tiles.columns * size.tiles.rows == 4 * 3
    assert size.smallest_defect_px((800, 600)) <= SEEN_PX


def test_a_part_that_would_take_too_many_tiles_says_how_many() -> None:
    with pytest.raises(DataInvalid, match=r"takes 1296 tiles of 256 px, at most 64.*--size-px"):
        input_size((8000, 8000), 256, 32, 2.0)


def test_the_smallest_defect_needs_frames_of_one_size() -> None:
    with pytest.raises(DataInvalid, match="frames differ in size"):
        input_size(None, 256, 32, 10)


@pytest.mark.parametrize(
    ("area", "side", "step"),
    [((16384, 32), 256, 32), ((8, 3000), 256, 32), ((2000, 1000), 4096, 32), ((10000, 100), 336, 14)],
)
def test_a_strip_stays_within_what_a_bundle_can_hold(area: tuple[int, int], side: int, step: int) -> None:
    """Of a line-scan camera, or of a narrow region: it was refused by the manifest, in a traceback."""
    size = input_size(area, side, step, None)
    spec = PreprocessSpec(width_px=size.width_px, height_px=size.height_px)
    assert (spec.width_px % step, spec.height_px % step) == (0, 0)
    assert (spec.width_px > spec.height_px) is (area[0] > area[1])
