"""Parts that pass a free-running camera: each one is judged once, in the frame in which it has settled."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.contract.errors import FrameRejected, SettingsInvalid
from edge.contract.frame import Frame, Pixels
from edge.preprocess import decode
from edge.triggers.gate import FrameGate, Ignored
from edge.triggers.settings import PresenceTriggerSettings, Region

__all__ = ["PartPresence"]

_log = logging.getLogger(__name__)
_SIDE = 64  # a part is a matter of a few per cent of the view; more rows and columns only cost time
_MOST_EARLIER = 4
_LEARN = 0.05  # of each empty frame goes into the background, so that it follows the light
_GONE, _MOVES = 0.75, 0.2  # of an outline of what differs is the background's alone: its part has left, or moves

Small = NDArray[np.float32]


class PartPresence(FrameGate):
    """Compares each frame with an empty belt.

    A garbled frame, or one that the region is not in, may hide a part: the first in a row is submitted, and ends
    UNDECIDED. What stays in view becomes background, for the light may have changed. Where it was a part, as when the
    line stops, the empty belt comes back: it is known again by what it looked like while parts came and went. A
    background that nothing proved to be the empty belt may hold a part: one that leaves takes its outline with it.
    """

    def __init__(self, settings: PresenceTriggerSettings, submit: Callable[[Frame], object]) -> None:
        """Hand the one frame of each part to `submit`.

        Raises:
            SettingsInvalid: the background cannot be read.
        """
        self.ignored = Ignored()
        self._settings = settings
        self._submit = submit
        self._background = _background(settings)
        self._proved = self._background is not None  # to be an empty belt: by a person, or as parts came and went
        self._earlier: list[Small] = []  # backgrounds that were proved before something stayed; oldest first
        self._seen = 0  # frames in a row that agree against the present state
        self._here = False
        self._came = False  # what is here was seen to come, and submitted
        self._holds_known = False  # what the background holds of a part is of one that was submitted or is leaving
        self._stayed = 0
        self._garbled = False

    def take(self, frame: Frame) -> None:
        """Submit it if it is the one of its part; otherwise count why not."""
        if frame.pixels is None:
            self._take_garbled(frame)
            return
        try:
            small = _small(frame.pixels, self._settings.roi)
        except FrameRejected as error:
            self._take_garbled(replace(frame, pixels=None, fault=str(error)))
            return
        self._garbled = False
        if self._background is None or self._background.shape != small.shape:
            self._background, self._proved, self._earlier, self._holds_known = small, False, [], False
        self._return_to_earlier(small)
        if not self._proved:
            self._let_go(small, self._background)
        if self._here:
            self._ignore_same_part(self._part_in(small, self._background), small)
        else:
            self._look_for_part(frame, self._part_in(small, self._background), small)

    def _take_garbled(self, frame: Frame) -> None:
        if self._garbled:
            self.ignored.add("garbled")
        else:
            self._submit(frame)
        self._garbled = True

    def _part_in(self, small: Small, background: Small) -> bool:
        differs = np.abs(small - background) > self._settings.min_change
        return float(differs.mean()) >= self._settings.min_area

    def _look_for_part(self, frame: Frame, part: bool, small: Small) -> None:  # noqa: FBT001 - what was seen
        if not part:
            self._seen = 0
            self._learn(small)
            self.ignored.add("no part")
            return
        self._seen += 1
        if self._seen < self._settings.settle_frames:
            self.ignored.add("not settled")
            return
        self._here, self._came, self._seen, self._stayed = True, True, 0, 0
        self._submit(frame)

    def _ignore_same_part(self, part: bool, small: Small) -> None:  # noqa: FBT001 - the same
        self._seen = 0 if part else self._seen + 1
        self._stayed += 1
        self.ignored.add("same part" if part else "part gone")
        if self._seen >= self._settings.clear_frames:
            self._here, self._seen, self._proved = False, 0, self._proved or self._came
        elif self._stayed >= self._settings.relearn_frames:
            self._take_for_background(small)

    def _take_for_background(self, small: Small) -> None:
        _log.warning("a part stays in view for %d frames: taken for background", self._stayed)
        if self._proved and self._background is not None:
            self._earlier = [*self._earlier, self._background][-_MOST_EARLIER:]
        self._here, self._seen, self._background, self._proved, self._holds_known = False, 0, small, False, True

    def _return_to_earlier(self, small: Small) -> None:
        """What was taken for background has gone, as a part does: its place is as it was before."""
        for index, earlier in enumerate(self._earlier):
            if not self._part_in(small, earlier):
                _log.warning("what was taken for background is gone: parts are looked for as before")
                self._background, self._proved, self._earlier = earlier, True, self._earlier[:index]
                self._here, self._seen, self._stayed = True, 0, 0
                return

    def _let_go(self, small: Small, background: Small) -> None:
        """The background holds a part, from the start or since the line stopped, and that one leaves or moves."""
        if not self._part_in(small, background):
            return
        difference = _Difference(small, background, self._settings.min_change)
        if difference.left() >= _GONE:
            unseen = "" if self._holds_known or self._here else ", which was in view at the start and was not judged"
            _log.warning("the background held a part that has gone%s", unseen)
            self._background, self._holds_known = small, True  # a rest of it may be in view still
            self._stays_here()
        elif self._holds_known and not self._here and difference.moves(self._settings.min_area / 2):
            self._stays_here()

    def _stays_here(self) -> None:
        """A part that was not seen to come is waited for to go."""
        self._here, self._came, self._seen, self._stayed = True, False, 0, 0

    def _learn(self, small: Small) -> None:
        if self._background is not None:
            self._background = (1 - _LEARN) * self._background + _LEARN * small


class _Difference:
    """Where a frame differs from a background, and what of the outline is an edge there and none in the frame."""

    def __init__(self, small: Small, background: Small, min_change: float) -> None:
        self._mask = (np.abs(small - background) > min_change).astype(np.uint8)
        self._left = (_contrast(background) >= min_change) & (_contrast(small) < min_change / 2)

    def left(self, mask: NDArray[np.uint8] | None = None) -> float:
        """Share of the outline: near 0 where something came, near 1 where it went; 0 where all of the view differs."""
        outline = _contrast(self._mask if mask is None else mask) > 0
        return float(self._left[outline].mean()) if outline.any() else 0.0

    def moves(self, min_area: float) -> bool:
        """Whether a piece of it, of that share of the view at least, lies between where a part was and where it is."""
        count, pieces, statistics, _ = cv2.connectedComponentsWithStats(self._mask)
        large = statistics[:, cv2.CC_STAT_AREA] >= min_area * self._mask.size
        return any(_MOVES <= self.left((pieces == n).astype(np.uint8)) < _GONE for n in range(1, count) if large[n])


def _contrast(picture: NDArray[Any]) -> NDArray[Any]:
    """Brightest minus darkest of each position and its eight neighbours."""
    return np.asarray(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))


def _small(pixels: Pixels, roi: Region | None) -> Small:
    """Grey levels 0 to 255 of the region, at most 64 rows and columns; `(h, w)`."""
    if roi is not None:
        height, width = pixels.shape[:2]
        if roi.y_px >= height or roi.x_px >= width:
            raise FrameRejected(f"trigger: roi from {roi.x_px},{roi.y_px} is outside a frame of {width}x{height} px")
        pixels = pixels[roi.y_px : roi.y_px + roi.height_px, roi.x_px : roi.x_px + roi.width_px]
    height, width = pixels.shape[:2]
    step_y, step_x = max(1, height // (2 * _SIDE)), max(1, width // (2 * _SIDE))
    green = np.ascontiguousarray(pixels[::step_y, ::step_x, 1], np.float32)
    size = (min(_SIDE, green.shape[1]), min(_SIDE, green.shape[0]))
    small = cv2.resize(green, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) * np.float32(1 if pixels.dtype == np.uint8 else 1 / 257)


def _background(settings: PresenceTriggerSettings) -> Small | None:
    if settings.background_file is None:
        return None
    try:
        return _small(decode(settings.background_file.read_bytes()), settings.roi)
    except (OSError, FrameRejected) as error:
        raise SettingsInvalid(f"trigger: background_file {settings.background_file}: {error}") from error
