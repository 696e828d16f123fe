"""From a camera frame to the network's input, and from its map back to the frame.

frame ─▶ ROI ─▶ 8 bits ─▶ align and resize ─▶ hide what is ignored ─▶ tiles
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import FrameRejected
from edge.contract.frame import Pixels
from edge.contract.manifest import PreprocessSpec, Roi
from edge.preprocess.ignoring import hide, silence
from edge.preprocess.pose import Pose
from edge.preprocess.registration import find_pose
from edge.preprocess.resizing import resize
from edge.preprocess.tiles import cut, stitch

__all__ = ["NetworkInput", "eight_bit_roi", "map_in_roi", "preprocess", "preprocess_mask", "whole_map"]

_ASPECT_TOLERANCE = 0.02  # a lens or binning change alters the size, another camera or ROI the shape


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """One frame as the network gets it.

    Attributes:
        tiles: `(T, height_px, width_px, 3)` uint8, contiguous; T is 1 unless the bundle cuts tiles.
        pose: how the part lay; None where nothing is aligned.
    """

    tiles: NDArray[np.uint8]
    pose: Pose | None


def preprocess(pixels: Pixels, spec: PreprocessSpec) -> NetworkInput:
    """Turn one camera frame into the network's input.

    The only implementation: training, evaluation, parity check and line all call it.

    Args:
        pixels: `(H, W, 3)` RGB, uint8 or uint16, as `Camera.grab` delivers. Grey or float is refused, never guessed.
        spec: ROI and size in pixels, white level, golden image, ignored regions, tiles; part of the bundle.

    Raises:
        FrameRejected: wrong dtype or shape, ROI outside the frame; the station answers UNDECIDED.
        PartNotFound: the part does not lie as any turn and shift of the golden image; the same.
    """
    part = eight_bit_roi(pixels, spec)
    pose = None if spec.alignment is None else find_pose(part, spec.alignment)
    return NetworkInput(cut(hide(_fit(part, spec, pose), spec), spec), pose)


def preprocess_mask(mask: NDArray[np.uint8], spec: PreprocessSpec, pose: Pose | None) -> NDArray[np.uint8]:
    """The same geometry for a mask of the frame, `(H, W)` uint8 -> the whole input, before it is cut; 0 is good.

    Args:
        mask: of the frame's size.
        spec: as for the frame.
        pose: that was found in the frame.
    """
    cropped = mask if spec.roi is None else np.asarray(_crop(mask, spec.roi), np.uint8)
    return silence(_fit(cropped, spec, pose), spec)


def whole_map(tile_maps: NDArray[np.float32], spec: PreprocessSpec) -> NDArray[np.float32]:
    """Maps of all tiles `(T, height_px, width_px)` as one map of the whole input, 0 where it is ignored."""
    return silence(stitch(tile_maps, spec), spec)


def map_in_roi(tile_maps: NDArray[np.float32], spec: PreprocessSpec, pose: Pose | None) -> NDArray[np.float32]:
    """Maps of all tiles as one map that covers the ROI, where the part lay in the frame."""
    whole = whole_map(tile_maps, spec)
    return whole if pose is None else pose.lay_back(whole)


def eight_bit_roi(pixels: Pixels, spec: PreprocessSpec) -> NDArray[np.uint8]:
    """The ROI `(h, w, 3)` at the camera's resolution, 8 bits.

    Raises:
        FrameRejected: wrong dtype or shape, ROI outside the frame.
    """
    _check_array(pixels)
    _check_size(pixels, spec)
    cropped = pixels if spec.roi is None else _crop(pixels, spec.roi)
    return _to_8_bit(cropped, spec.white_level)


def _fit(part: NDArray[np.uint8], spec: PreprocessSpec, pose: Pose | None) -> NDArray[np.uint8]:
    return resize(part, *spec.whole_px) if pose is None else pose.straighten(part, spec.whole_px)


def _check_array(pixels: Pixels) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < 1:  # noqa: PLR2004 - (H, W, RGB)
        raise FrameRejected(f"frame: expected shape (H, W, 3), got {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise FrameRejected(f"frame: expected uint8 or uint16, got {pixels.dtype}")


def _check_size(pixels: Pixels, spec: PreprocessSpec) -> None:
    if spec.frame_width_px is None or spec.frame_height_px is None:
        return
    height, width = pixels.shape[:2]
    if spec.roi is not None and (width, height) != (spec.frame_width_px, spec.frame_height_px):
        raise FrameRejected(
            f"frame: expected {spec.frame_width_px}x{spec.frame_height_px} px like the training images, in whose "
            f"pixels the ROI is told, got {width}x{height} px"
        )
    expected = spec.frame_width_px / spec.frame_height_px
    if abs(width / height / expected - 1) > _ASPECT_TOLERANCE:
        raise FrameRejected(
            f"frame: expected the shape of the training images, {spec.frame_width_px}x{spec.frame_height_px} px, "
            f"got {width}x{height} px"
        )


def _crop(pixels: Pixels, roi: Roi) -> Pixels:
    height, width = pixels.shape[:2]
    right, bottom = roi.x_px + roi.width_px, roi.y_px + roi.height_px
    if right > width or bottom > height:
        raise FrameRejected(f"ROI reaches to ({right}, {bottom}) px, but the frame is {width}x{height} px")
    return pixels[roi.y_px : bottom, roi.x_px : right]


def _to_8_bit(pixels: Pixels, white_level: int) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels  # type: ignore[return-value]
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255 / white_level), dtype=np.uint8)
