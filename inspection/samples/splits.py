"""Which images train and which test: decided once, by the image's own hash, so that nobody can choose."""

from enum import StrEnum

__all__ = ["Split", "split_of"]


class Split(StrEnum):
    """What a sample is for."""

    TRAIN = "train"
    HOLDOUT = "holdout"


def split_of(sha256: str) -> Split:
    """One image in five is held out, the same ones for ever and for every model."""
    return Split.HOLDOUT if int(sha256, 16) % 5 == 0 else Split.TRAIN
