"""A whole station, put together from its settings: started, described, stopped."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Event, Lock, Timer
from uuid import uuid4

from edge.backoff import Backoff
from edge.clock import Clock, SystemClock
from edge.contract.errors import BundleRefused, SettingsInvalid
from edge.contract.frame import Frame
from edge.contract.link import Heartbeat, LivePicture
from edge.contract.result import InspectionResult
from edge.contract.settings import read_secret
from edge.contract.signature import TrustedKeys
from edge.outputs.build import build_output
from edge.outputs.lane import LaneSurroundings, OutputLane
from edge.outputs.protocol import LineState
from edge.outputs.settings import CsvOutputSettings, LogOutputSettings, OutputSettings
from edge.parts.assembler import PartAssembler
from edge.plant.client import HttpPlantClient
from edge.plant.heartbeat import HeartbeatLink
from edge.plant.uploader import Uploader
from edge.spool.journal import Journal
from edge.spool.store import Record, Spool
from edge.spool.writer import SpoolWriter
from edge.station.acknowledgements import AckBook
from edge.station.bundles import BundleHolder
from edge.station.intake import Intake
from edge.station.keeper import Keeper
from edge.station.last_recipe import LastRecipe
from edge.station.latency import LatencyWindow
from edge.station.ledger import Ledger, Listener
from edge.station.line import NO_BUNDLE, Line, LineSettings, Settled
from edge.station.pictures import live_picture
from edge.station.punctuality import Punctuality
from edge.station.recipes import RecipeShelf, RecipeStatus
from edge.station.settings import StationSettings
from edge.station.shadow import Shadow
from edge.station.state_lock import StateLock
from edge.station.status import BundleStatus, PlantStatus, StationStatus, ThreadStatus
from edge.station.watchdog import Watchdog
from edge.version import software_version
from edge.worker import Worker

__all__ = ["PlantLink", "Station"]

_log = logging.getLogger(__name__)
Observer = Callable[[InspectionResult], None]


class PlantLink:
    """The threads that speak with the plant, and what they share."""

    def __init__(self, station: "Station", settings: StationSettings, clock: Clock) -> None:
        """Prepare the threads.

        Raises:
            SettingsInvalid: the key or the certificates cannot be read.
        """
        plant = settings.plant
        if plant is None:
            raise SettingsInvalid("plant: expected the section [plant]")
        self._drain_s = plant.drain_s
        self._client = HttpPlantClient(plant, read_secret(plant.api_key, plant.api_key_file))
        incoming = settings.state_dir / "incoming.bundle"
        self.uploader = Uploader(self._client, station.spool, plant.batch_size, Backoff(0.5, plant.max_backoff_s))
        self.heartbeat = HeartbeatLink(
            self._client, station.describe, (station.bundles, station.shadow), incoming, clock, plant.heartbeat_s
        )
        self.heartbeat.on_back = self.uploader.wake

    @property
    def workers(self) -> tuple[Worker, ...]:
        """All of them."""
        return (self.heartbeat.worker, self.heartbeat.follower, self.uploader.worker)

    def status(self) -> PlantStatus:
        """Reachable or not, and what went there."""
        return PlantStatus(link=self.heartbeat.status(), uploads=self.uploader.status())

    def stop(self) -> None:
        """Use the time that the settings allow to upload what still waits, say goodbye, disconnect."""
        for worker in self.workers:
            worker.stop()
        if self._drain_s > 0 and self.heartbeat.status().reachable:
            expired = Event()
            timer = Timer(self._drain_s, expired.set)
            timer.daemon = True
            timer.start()
            self.uploader.drain(expired)
            timer.cancel()
        self._client.close()


class Station:
    """One station process, without its HTTP API.

    Order of calls: `start`, then `submit`, `status` and `describe` from any thread, `stop` once.
    """

    def __init__(
        self,
        settings: StationSettings,
        trusted: TrustedKeys,
        clock: Clock | None = None,
        observers: Sequence[Observer] = (),
        feed: Callable[[], None] = lambda: None,
    ) -> None:
        """Put everything together; no thread runs yet, nothing is connected.

        Args:
            settings: with absolute paths.
            trusted: keys whose bundles may run.
            clock: time; the machine's if None.
            observers: see each result after its verdict.
            feed: called about once a second while the critical path is well.

        Raises:
            SettingsInvalid: the state folder is in use, or a key file cannot be read.
        """
        self.settings = settings
        self._clock = clock or SystemClock()
        self._started_at: datetime = self._clock.utc()
        self._process = uuid4().hex
        self._lock = StateLock(settings.state_dir)
        self._latency = LatencyWindow()
        self._picture: LivePicture | None = None
        self._drawing = Lock()
        self.spool = Spool(settings.state_dir / "spool.sqlite", settings.spool.max_mb)
        self.spool.release_quarantined()
        self.bundles = BundleHolder(trusted, settings.inference, settings.recipe, settings.state_dir)
        self._others = {
            other.name: BundleHolder(trusted, settings.inference, other.name, settings.state_dir / f"recipe-{number}")
            for number, other in enumerate(settings.other_recipes, 2)
        }
        self.recipes = self._shelf()
        self._journal = Journal(settings.state_dir / "journal")
        self._writer = SpoolWriter(
            self.spool,
            settings.spool.waiting_mb,
            ring=settings.plant is None,
            stored=self._journal.release,
            held=self._journal.holds,
        )
        left = self._journal.left()
        for result in left:
            self._writer.put(Record(result))
        self._punctuality = Punctuality(settings.deadline_ms, settings.miss_budget)
        self._acks = AckBook(self._clock, settings.ack_wait_ms)
        observed_by = (self._latency.observe, self._punctuality.observe, *observers)
        self.shadow = Shadow(trusted, settings.inference, settings.recipe, lambda: self._line.waiting > 0)
        self._keeper = Keeper(settings.images, self._writer.put, observed_by, self._acks.collect, self.shadow)
        self._lanes = tuple(self._lane(output) for output in settings.outputs)
        self._line = Line(
            LineSettings(settings.station, settings.deadline_ms, settings.inbox_size, settings.judges_at_once),
            Ledger(max([self.spool.last_sequence(), *(result.sequence for result in left)])),
            self.recipes,
            self._publish,
            self._clock,
        )
        views = len(settings.views)
        assembler = None if views <= 1 else PartAssembler(views, settings.parts, self._tell, self._clock)
        self._intake = Intake(settings, self._line, assembler, self.recipes.change, self._gate_of_camera(), self._clock)
        self._plant = None if settings.plant is None else PlantLink(self, settings, self._clock)
        self._watchdog = Watchdog(self._line.workers, self._workers(), feed)

    @property
    def finished(self) -> bool:
        """Whether the process shall end, because its cameras have no more frames."""
        return self._intake.finished

    def start(self) -> None:
        """Load the first bundle, then start everything.

        Raises:
            BundleRefused: a station without a plant has no bundle that may run.
        """
        try:
            self.bundles.start(self.settings.bundle, prefer_accepted=self._plant is not None)
        except BundleRefused:
            if self._plant is None:
                raise
        for other in self.settings.other_recipes:
            self._others[other.name].start(other.bundle, prefer_accepted=False)
        self._line.start()
        for worker in self._workers():
            worker.start()
        self._watchdog.worker.start()

    def stop(self) -> None:
        """Stop the camera, settle what is in flight, tell the outputs, write everything to the disk."""
        self._watchdog.worker.stop()
        self._intake.stop()
        self._line.stop()
        for lane in self._lanes:
            lane.stop()
        self._keeper.stop()
        self.shadow.stop()
        self._writer.stop()
        if self._plant is not None:
            self._plant.stop()
        self.spool.close()
        self._journal.close()
        self._lock.release()
        _log.info("stopped: %s", self._line.ledger.counts().model_dump_json())

    def submit(self, frame: Frame, listener: Listener | None = None) -> int:
        """Count a trigger and have its frame judged; returns its sequence number."""
        return self._line.submit(frame, listener)

    def trigger(self, part_id: str | None, listener: Listener | None = None) -> None:
        """Count a trigger and have the camera's next frame judged.

        Raises:
            Conflict: the settings let no one ask, or the trigger bounced; nothing was counted as a part.
        """
        self._intake.fire(part_id, listener)

    def change_recipe(self, name: str) -> RecipeStatus:
        """Let the next trigger be of another part type.

        Raises:
            NotFound: no such recipe here.
            Conflict: no bundle runs for it.
        """
        self.recipes.change(name)
        return self.recipes.status()

    def status(self) -> StationStatus:
        """Everything at this moment."""
        writer, reasons = self._writer.status(), self._not_ready_because()
        return StationStatus(
            station=self.settings.station,
            recipe=self.recipes.active,
            recipes=self.recipes.status(),
            version=software_version(),
            started_at=self._started_at,
            ready=not reasons,
            not_ready_because=reasons,
            deadline=self._punctuality.status(),
            ledger=self._line.ledger.counts(),
            late_judgements=self._line.late,
            skipped_expired=self._line.skipped,
            inbox_waiting=self._line.waiting,
            latest=self._keeper.latest_result,
            latency=self._latency.summary(),
            histogram=self._latency.histogram(),
            bundle=self._bundle_status(),
            cameras=self._intake.cameras(),
            parts=None if self._intake.assembler is None else self._intake.assembler.counts(),
            trigger=self._intake.trigger(),
            outputs=tuple(lane.status() for lane in self._lanes),
            spool=self.spool.counts(),
            spool_writer=writer,
            journal_missed=self._journal.missed,
            images_given_up=writer.images_given_up + self._keeper.frames_given_up,
            plant=None if self._plant is None else self._plant.status(),
            threads=tuple(
                ThreadStatus(name=w.name, alive=w.alive, stuck=w.stuck, faults=w.faults)
                for w in (*self._line.workers, *self._workers())
            ),
        )

    def describe(self) -> Heartbeat:
        """The heartbeat of this moment, with a small picture of the latest part."""
        return Heartbeat(
            sent_at=self._clock.utc(),
            version=software_version()[:32],
            recipe=self.settings.recipe,
            bundle_id=self.bundles.running_id,
            bundle_refused=self.bundles.refused,
            ledger=self._line.ledger.counts(),
            latency=self._latency.summary(),
            camera_connected=all(camera.connected for camera in self._intake.cameras()),
            deadline_ms=self.settings.deadline_ms,
            spool_results=self.spool.counts().results + self._writer.status().backlog,
            shadow=self.shadow.state(),
            process=self._process,
            picture=self.picture() if self.settings.plant is not None and self.settings.plant.pictures else None,
        )

    def picture(self) -> LivePicture | None:
        """The latest part, small; drawn once for each part, in the thread that asks. None before the first."""
        latest = self._keeper.latest
        if latest is None:
            return None
        with self._drawing:
            if self._picture is None or self._picture.result.id != latest.result.id:
                self._picture = live_picture(latest)
            return self._picture

    def _shelf(self) -> RecipeShelf:
        """Begins with what the line made when the process before ended: nobody tells the station of it again."""
        configured = self.settings.recipe
        last = LastRecipe(self.settings.state_dir / "last-recipe.json", configured)
        active = last.read()
        if active not in self._others:
            active = configured
        if active != configured:
            _log.info("goes on with the recipe %s, which the line made last", active)
        return RecipeShelf({configured: self.bundles, **self._others}, active, self._clock, last.write)

    def _lane(self, settings: OutputSettings) -> OutputLane:
        around = LaneSurroundings(self._line_state, self._acks.done, self._clock)
        output = build_output(settings, self._clock)
        max_age_s = None if isinstance(settings, LogOutputSettings | CsvOutputSettings) else settings.max_age_s
        return OutputLane(output, settings.queue_size, settings.attempts, around=around, max_age_s=max_age_s)

    def _line_state(self) -> LineState:
        reasons = self._not_ready_because()
        return LineState(ready=not reasons, reasons=reasons)

    def _gate_of_camera(self) -> Event:
        if self.settings.wait_for_bundle:
            return self.bundles.first
        at_once = Event()
        at_once.set()
        return at_once

    def _publish(self, settled: Settled) -> None:
        # First of all: what the line hears must reach the plant, whatever happens to this process.
        self._journal.put(settled.result)
        if not settled.of_part:
            self._acks.expect(settled.result, len(self._lanes))
            self._tell(settled.result)
        self._keeper.put(settled)

    def _tell(self, result: InspectionResult) -> None:
        for lane in self._lanes:
            lane.put(result)

    def _not_ready_because(self) -> tuple[str, ...]:
        workers = (*self._line.workers, *self._workers())
        return (
            *(() if self._active().current is not None else (self._active().refused or NO_BUNDLE,)),
            *self._intake.not_ready_because(),
            *(f"thread {worker.name} does not run" for worker in workers if not worker.alive),
            *(f"thread {worker.name} is stuck" for worker in workers if worker.stuck),
        )

    def _active(self) -> BundleHolder:
        return self._others.get(self.recipes.active, self.bundles)

    def _bundle_status(self) -> BundleStatus:
        holder = self._active()
        current = holder.current
        return BundleStatus(
            id=None if current is None else current.bundle_id,
            refused=holder.refused,
            threshold=None if current is None else current.manifest.calibration.threshold,
            created_at=None if current is None else current.manifest.created_at,
        )

    def _workers(self) -> tuple[Worker, ...]:
        """All threads but the critical path's, in the order in which they start."""
        plant = () if self._plant is None else self._plant.workers
        lanes = tuple(lane.worker for lane in self._lanes)
        return (self._writer.worker, self._keeper.worker, *lanes, *self._intake.workers, *plant)
