"""The random audit sample: parts drawn by chance for review, so that what was passed wrongly is estimated without bias.

A part is drawn by a keyed hash of its result's id: nothing that the model says of it plays a part, nobody can foresee
which parts are drawn, and drawing again draws the same. Only parts whose station kept a picture can be reviewed, so
only those are drawn; a station keeps pictures of passed parts by chance, too (`keep_pass_fraction`), all of the first
ones after a change of the bundle, and tells with which chance it did. The share of a draw is the chance of both.
"""

import hmac
import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from edge.contract.errors import SettingsInvalid
from edge.contract.result import ImageKind, InspectionResult, Verdict
from inspection.review.states import await_review
from inspection.store.tables import AuditDrawRow

__all__ = ["CONFIDENCE", "AuditPlan", "AuditSampler", "is_drawn", "load_or_create_seed", "parts_needed"]

CONFIDENCE = 0.95
_SEED_BYTES = 32


def parts_needed(escapes_at_most: float) -> int:
    """Passed parts to review, none of them bad, to show with 95 % that at most this share of passed parts is bad.

    Source: `(1 - x)^n <= 0.05`, the rule of three for small shares.
    """
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-escapes_at_most))


@dataclass(frozen=True)
class AuditPlan:
    """What shall be shown, and over how many parts.

    Attributes:
        escapes_at_most: share of passed parts that may be bad; None draws nothing.
        period_passes: passed parts with a picture over which that shall be shown.
        fail_share: of failed parts, for the share that failed wrongly.
    """

    escapes_at_most: float | None
    period_passes: int
    fail_share: float

    def share_of(self, verdict: Verdict) -> float:
        """Share of the parts with a picture that is drawn; UNDECIDED is neither right nor wrong."""
        match verdict:
            case Verdict.PASS if self.escapes_at_most is not None:
                return min(1.0, parts_needed(self.escapes_at_most) / self.period_passes)
            case Verdict.FAIL if self.escapes_at_most is not None:
                return self.fail_share
            case _:
                return 0.0


class AuditSampler:
    """Draws parts as they come in."""

    def __init__(self, seed: bytes, plan: AuditPlan) -> None:
        self.plan = plan
        self._seed = seed

    def draw(self, session: Session, results: Iterable[InspectionResult], now: datetime) -> None:
        """Keep which of these results are drawn, with the chance of such a part: to have a picture, and by the plan."""
        drawn: list[str] = []
        for result in results:
            share = self.plan.share_of(result.verdict)
            has_picture = any(image.kind is ImageKind.FRAME for image in result.images)
            if has_picture and is_drawn(self._seed, result.id, share):
                session.add(AuditDrawRow(result_id=result.id, share=share * (result.kept_share or 1.0), drawn_at=now))
                drawn.append(result.id)
        session.flush()
        await_review(session, drawn)


def is_drawn(seed: bytes, result_id: str, share: float) -> bool:
    """Whether a result is among the share that is drawn."""
    digest = hmac.digest(seed, result_id.encode(), "sha256")
    return int.from_bytes(digest[:8], "big") < share * 2**64


def load_or_create_seed(path: Path) -> bytes:
    """The plant's secret seed, made on the first start.

    Raises:
        SettingsInvalid: the file is there and holds no seed.
    """
    if not path.exists() or not path.stat().st_size:  # empty: the disk was full at the first start
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(secrets.token_hex(_SEED_BYTES), "ascii")
    try:
        seed = bytes.fromhex(path.read_text("ascii"))
    except ValueError as error:
        raise SettingsInvalid(f"{path}: expected {2 * _SEED_BYTES} hexadecimal digits: {error}") from error
    if len(seed) != _SEED_BYTES:
        raise SettingsInvalid(f"{path}: expected {2 * _SEED_BYTES} hexadecimal digits, got {2 * len(seed)}")
    return seed
