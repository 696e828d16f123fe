"""What a station says of itself."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from edge.contract.ledger import LedgerCounts
from edge.contract.link import LatencySummary
from edge.contract.result import InspectionResult
from edge.contract.values import Value
from edge.outputs.lane import LaneStatus
from edge.parts.assembler import PartCounts
from edge.plant.heartbeat import LinkStatus
from edge.plant.uploader import UploadStatus
from edge.spool.store import SpoolCounts
from edge.spool.writer import WriterStatus
from edge.station.camera_loop import CameraStatus
from edge.station.punctuality import DeadlineStatus
from edge.station.recipes import RecipeStatus
from edge.triggers.gate import TriggerStatus
from edge.window import Histogram

__all__ = ["BundleStatus", "PlantStatus", "StationStatus", "ThreadStatus"]


class BundleStatus(Value):
    """The model that judges."""

    id: str | None
    refused: Annotated[str | None, Field(description="why the bundle that should run does not")]
    threshold: float | None
    created_at: datetime | None


class PlantStatus(Value):
    """The link to the plant service."""

    link: LinkStatus
    uploads: UploadStatus


class ThreadStatus(Value):
    """One thread of the process."""

    name: str
    alive: bool
    stuck: Annotated[bool, Field(description="one step takes longer than it ever should")]
    faults: Annotated[int, Field(description="unexpected errors that it survived")]


class StationStatus(Value):
    """Everything at one moment."""

    station: str
    recipe: Annotated[str, Field(description="the part type that is judged now")]
    recipes: RecipeStatus
    version: str
    started_at: datetime
    ready: bool
    not_ready_because: tuple[str, ...]
    deadline: DeadlineStatus
    ledger: LedgerCounts
    late_judgements: Annotated[int, Field(description="came after their deadline and were discarded")]
    skipped_expired: Annotated[int, Field(description="not judged at all: the deadline passed in the inbox")]
    inbox_waiting: int
    latest: Annotated[InspectionResult | None, Field(description="of the latest trigger, also of one without a frame")]
    latency: LatencySummary
    histogram: Annotated[Histogram, Field(description="frame to verdict of the latest parts")]
    bundle: BundleStatus
    cameras: tuple[CameraStatus, ...]
    parts: Annotated[PartCounts | None, Field(description="parts of several views; none where each frame is a part")]
    trigger: TriggerStatus
    outputs: tuple[LaneStatus, ...]
    spool: SpoolCounts
    spool_writer: WriterStatus
    journal_missed: Annotated[int, Field(description="results told before anything that survives kill -9 held them")]
    images_given_up: Annotated[int, Field(description="in memory and on disk together")]
    plant: PlantStatus | None
    threads: tuple[ThreadStatus, ...]
