"""How large the network's input is: the camera's shape, the tier's time, and the smallest defect decide."""

import math
from dataclasses import dataclass

from edge.contract.errors import DataInvalid
from edge.contract.manifest import Tiles

__all__ = ["SEEN_PX", "InputSize", "input_size"]

SEEN_PX = 8.0  # of the input, that a defect must cover: half a cell of the grid, so that it changes one by half
_AT_ONCE = 4  # times the tier's pixels; a larger input is cut into tiles
_OVERLAP_PX = 32  # of two tiles: what lies on a border is whole in one of them
_MAX_TILES = 64
_MIN_SIDE_PX, _MAX_SIDE_PX = 32, 4096  # of an input: what a manifest allows

Size = tuple[int, int]


@dataclass(frozen=True)
class InputSize:
    """Width and height of the network's input, and the tiles that make up the whole."""

    width_px: int
    height_px: int
    tiles: Tiles | None = None

    @property
    def whole_px(self) -> Size:
        """Before it is cut."""
        own = (self.width_px, self.height_px)
        return own if self.tiles is None else self.tiles.whole_px(*own)

    def smallest_defect_px(self, area_px: Size) -> float:
        """The smallest defect that covers `SEEN_PX` of the input, in pixels of the camera."""
        return SEEN_PX * max(area_px[0] / self.whole_px[0], area_px[1] / self.whole_px[1])


def input_size(area_px: Size | None, side_px: int, step_px: int, smallest_defect_px: float | None) -> InputSize:
    """Choose the input.

    Args:
        area_px: width and height of the ROI or frame; None where frames differ, which makes the input a square.
        side_px: of a square input; another shape has about as many pixels.
        step_px: of which width and height are multiples.
        smallest_defect_px: that must be seen, in pixels of the camera; None is content with `side_px`.

    Raises:
        DataInvalid: the smallest defect is asked for where frames differ in size, or takes too many tiles.
    """
    if area_px is None:
        if smallest_defect_px is not None:
            raise DataInvalid("--smallest-defect-px: expected frames of one size, or --roi; the frames differ in size")
        return InputSize(side_px, side_px)
    shrunk = 0.0 if smallest_defect_px is None else min(1.0, SEEN_PX / smallest_defect_px)
    pixels = max(side_px**2, round(area_px[0] * area_px[1] * shrunk**2))
    if pixels > _AT_ONCE * side_px**2:
        return _tiled((area_px[0] * shrunk, area_px[1] * shrunk), side_px)
    return InputSize(*_fit(area_px, pixels, step_px))


def _fit(area_px: Size, pixels: int, step_px: int) -> Size:
    """The shape of the area, in about so many pixels, in multiples of `step_px`; a strip is no longer than allowed."""
    scale = min(math.sqrt(pixels / (area_px[0] * area_px[1])), _MAX_SIDE_PX / max(area_px))
    least, most = math.ceil(_MIN_SIDE_PX / step_px), _MAX_SIDE_PX // step_px
    width, height = (min(max(round(side * scale / step_px), least), most) * step_px for side in area_px)
    return width, height


def _tiled(whole_px: tuple[float, float], side_px: int) -> InputSize:
    """As many square tiles as cover it; they may show it a little larger."""
    columns, rows = (max(1, math.ceil((side - _OVERLAP_PX) / (side_px - _OVERLAP_PX))) for side in whole_px)
    if columns * rows > _MAX_TILES:
        raise DataInvalid(
            f"--smallest-defect-px: an input of {whole_px[0]:.0f}x{whole_px[1]:.0f} px takes {columns * rows} tiles of "
            f"{side_px} px, at most {_MAX_TILES} are cut; give a larger --size-px, or a smaller --roi"
        )
    return InputSize(side_px, side_px, Tiles(rows=rows, columns=columns, overlap_px=_OVERLAP_PX))
