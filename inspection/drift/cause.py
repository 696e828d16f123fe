"""The likely cause of a drift: rules in this order, the first that fits counts.

1. position: the part lies elsewhere (only where the bundle aligns parts; what lies elsewhere also looks otherwise).
2. focus: sharpness fell, and by more spreads than brightness or contrast moved. Sharpness is taken relative to the
   contrast, so that less light alone does not lower it.
3. light: brightness or contrast moved.
4. model: nothing in the pictures moved, and scores jumped when the bundle came, while the pictures stayed the same.
5. product: nothing of that; sharpness rose (another surface), or the scores of good parts moved by themselves.
"""

from collections.abc import Mapping
from enum import StrEnum

from inspection.drift.measures import Measure
from inspection.drift.shifts import Shift

__all__ = ["Cause", "cause_of_change", "likely_cause"]

Shifts = Mapping[Measure, Shift]

_PICTURE = tuple(measure for measure in Measure if measure is not Measure.SCORE)


class Cause(StrEnum):
    """What has probably changed."""

    LIGHT = "light"
    FOCUS = "focus"
    POSITION = "position"
    MODEL = "model"
    PRODUCT = "product"


def likely_cause(shifts: Shifts, bound: float) -> Cause | None:
    """Why a station drifts since its bundle came; None if nothing is beyond the bound."""
    if max(_size(shifts, Measure.OFFSET_X), _size(shifts, Measure.OFFSET_Y)) > bound:
        return Cause.POSITION
    light = max(_size(shifts, Measure.BRIGHTNESS), _size(shifts, Measure.CONTRAST))
    sharper = shifts[Measure.SHARPNESS].shift if Measure.SHARPNESS in shifts else 0.0
    if sharper < -bound and -sharper > light:
        return Cause.FOCUS
    if light > bound:
        return Cause.LIGHT
    if sharper > bound or _size(shifts, Measure.SCORE) > bound:
        return Cause.PRODUCT
    return None


def cause_of_change(shifts: Shifts, bound: float) -> Cause | None:
    """The same between the last hours of one bundle and the first of the next.

    Where pictures are known and stayed the same, a jump of the scores is the model's.
    """
    cause = likely_cause(shifts, bound)
    pictures_known = any(measure in shifts for measure in _PICTURE)
    if cause is Cause.PRODUCT and pictures_known and all(_size(shifts, m) <= bound for m in _PICTURE):
        return Cause.MODEL
    return cause


def _size(shifts: Shifts, measure: Measure) -> float:
    return abs(shifts[measure].shift) if measure in shifts else 0.0
