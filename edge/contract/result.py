"""The result of one trigger: what outputs, spool, plant and page all receive."""

import secrets
import time
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from edge.contract.values import Value

__all__ = [
    "ID_DIGITS",
    "ImageKind",
    "ImageRef",
    "ImageStatistics",
    "InspectionResult",
    "Outcome",
    "ShadowVerdict",
    "Times",
    "Verdict",
    "ViewVerdict",
    "new_result_id",
]

ID_DIGITS = 32
_TIME_DIGITS = 12


class Verdict(StrEnum):
    """What the line is told. UNDECIDED is never treated as PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"


class Outcome(StrEnum):
    """Which column of the ledger a trigger ended in."""

    VERDICT = "verdict"
    TIMEOUT = "timeout"
    DROP = "drop"


class ImageKind(StrEnum):
    """What a stored image shows."""

    FRAME = "frame"
    OVERLAY = "overlay"  # RGBA PNG of the anomaly map, to be laid over the frame


class ImageRef(Value):
    """An image that the station will upload after the result."""

    kind: ImageKind
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: Annotated[str, Field(max_length=64)]
    size_bytes: Annotated[int, Field(ge=0)]


class ImageStatistics(Value):
    """What the network saw of the part, in numbers by which a drift shows; the pose only where parts are aligned."""

    brightness: Annotated[float, Field(description="mean grey level, 0 to 255")]
    contrast: Annotated[float, Field(description="standard deviation of the grey levels")]
    sharpness_db: Annotated[float, Field(description="variance of the Laplacian over that of the grey levels, in dB")]
    offset_x_px: Annotated[float | None, Field(description="of the part's middle, in pixels of the input")] = None
    offset_y_px: float | None = None
    turn_deg: float | None = None


class Times(Value):
    """Monotonic clock of the station in microseconds; only differences mean anything.

    None where the step did not happen (a dropped trigger has no inference).
    """

    trigger_us: int
    frame_received_us: int | None = None
    inference_start_us: int | None = None
    inference_end_us: int | None = None
    verdict_us: int
    acknowledged_us: Annotated[
        int | None, Field(description="the last output had taken it; in the record, not in what outputs are told")
    ] = None


class ViewVerdict(Value):
    """One view of a part of several views; its own result, with its image, goes to the plant."""

    view: Annotated[str, Field(max_length=64)]
    result_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    verdict: Verdict
    score: float | None = None
    reason: Annotated[str | None, Field(max_length=500)] = None


class ShadowVerdict(Value):
    """What a challenger would have said; it decided nothing."""

    bundle_id: Annotated[str, Field(max_length=64)]
    verdict: Verdict
    score: float | None = None
    session_run_ms: float | None = None
    reason: Annotated[str | None, Field(max_length=500, description="why UNDECIDED")] = None


class InspectionResult(Value):
    """One per trigger, exactly. `id` makes its transport idempotent."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    station: Annotated[str, Field(min_length=1, max_length=64)]
    recipe: Annotated[str, Field(min_length=1, max_length=64)]
    sequence: Annotated[int, Field(ge=1, description="the station's trigger counter since it was set up")]
    part_id: Annotated[str, Field(min_length=1, max_length=128)]
    camera: Annotated[str, Field(max_length=64)]
    verdict: Verdict
    outcome: Outcome
    reason: Annotated[str | None, Field(max_length=500, description="why UNDECIDED; None for PASS and FAIL")] = None
    score: Annotated[float | None, Field(description="larger = more anomalous; None if not judged")] = None
    threshold: Annotated[float | None, Field(description="FAIL if score > threshold")] = None
    defect_class: Annotated[str | None, Field(max_length=64)] = None
    bundle_id: Annotated[str | None, Field(max_length=64)] = None
    captured_at: AwareDatetime
    session_run_ms: Annotated[float | None, Field(description="inside onnxruntime only")] = None
    times: Times
    statistics: Annotated[
        ImageStatistics | None, Field(description="None if not judged, or from a station that does not tell")
    ] = None
    images: tuple[ImageRef, ...] = ()
    source: Annotated[str | None, Field(max_length=300)] = None
    signature: Annotated[
        tuple[Annotated[int, Field(ge=-127, le=127)], ...],
        Field(
            max_length=128,
            description="what the most unusual place looks like, a unit vector in 127ths; of parts whose picture is "
            "kept, in the record, not in what outputs are told",
        ),
    ] = ()
    kept_share: Annotated[
        float | None,
        Field(
            gt=0,
            le=1,
            description="with which chance the station kept the picture of such a part; None without a picture, or if "
            "the station does not tell; in the record, not in what outputs are told",
        ),
    ] = None
    views: Annotated[
        tuple[ViewVerdict, ...], Field(description="of a part of several views: what each one said; empty otherwise")
    ] = ()

    shadow: Annotated[
        ShadowVerdict | None,
        Field(description="of a challenger that judged beside; in the record, not in what outputs are told"),
    ] = None

    @property
    def frame_to_verdict_ms(self) -> float | None:
        """Milliseconds from the frame in memory to the verdict; None if there was no frame."""
        if self.times.frame_received_us is None:
            return None
        return (self.times.verdict_us - self.times.frame_received_us) / 1000

    @property
    def latency_ms(self) -> float | None:
        """The same of a part that was judged or timed out.

        None for drops and frames that cannot be judged: they are told at once and would make the rest look faster.
        """
        told_after_work = self.score is not None or self.outcome is Outcome.TIMEOUT
        return self.frame_to_verdict_ms if told_after_work else None


def new_result_id() -> str:
    """A fresh result id, 32 hexadecimal digits: milliseconds of the wall clock, then 80 random bits.

    As UUIDs of version 7 do, so that the plant's index over years of ids grows at its end and is not written all over.
    A clock that is set back costs that order, nothing else.
    """
    return f"{time.time_ns() // 1_000_000:0{_TIME_DIGITS}x}{secrets.token_hex((ID_DIGITS - _TIME_DIGITS) // 2)}"
