"""Which images train and which test: decided once, by a hash, so that nobody can choose.

An image of the line goes the way of its part: other views of it, or the same part seen again within the hour, must not
train a model that is tested on it. An uploaded image goes by its own bytes. What lies beside a held-out part in time is
left out of trainings (`neighbours`).
"""

from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

__all__ = ["Split", "part_key", "split_of"]


class Split(StrEnum):
    """What a sample is for."""

    TRAIN = "train"
    HOLDOUT = "holdout"


def split_of(key: str) -> Split:
    """One in five is held out, the same ones for ever and for every model.

    Args:
        key: hexadecimal SHA-256 of the image, or of its part (`part_key`).
    """
    return Split.HOLDOUT if int(key, 16) % 5 == 0 else Split.TRAIN


def part_key(recipe: str, part_id: str, captured_at: datetime) -> str:
    """What all images of a part within an hour have in common, and others have not; hexadecimal SHA-256.

    The hour is there because a counter starts again, and a line without part identities must not put all it ever sees
    on one side.
    """
    hour = captured_at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    return sha256(f"{recipe}\n{part_id}\n{hour}".encode()).hexdigest()
