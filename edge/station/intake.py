"""Everything in front of the critical path: cameras, trigger, and who tells of changeovers."""

from collections.abc import Callable
from threading import Event

from edge.cameras.build import build_camera
from edge.cameras.settings import PushCameraSettings, WatchSettings
from edge.changeover.build import build_changeover
from edge.clock import Clock
from edge.contract.errors import Conflict
from edge.parts.assembler import PartAssembler
from edge.parts.views import views_of
from edge.station.camera_loop import CameraLoop, CameraStatus
from edge.station.ledger import Listener
from edge.station.line import Line
from edge.station.settings import StationSettings
from edge.triggers.build import Trigger
from edge.triggers.gate import TriggerStatus
from edge.triggers.source import TriggerSource
from edge.worker import Worker

__all__ = ["Intake"]

_ENDLESS = (PushCameraSettings, WatchSettings)


class Intake:
    """Cameras and triggers of one station.

    Attributes:
        assembler: combines the views of a part; None where each frame is a part.
    """

    def __init__(
        self,
        settings: StationSettings,
        line: Line,
        assembler: PartAssembler | None,
        change_recipe: Callable[[str], None],
        may_start: Event,
        clock: Clock,
    ) -> None:
        """Put it together; no thread runs yet, nothing is connected.

        Raises:
            SettingsInvalid: a package, a password or a picture is missing.
        """
        self.assembler = assembler
        self._settings = settings
        cameras = [build_camera(camera, clock) for camera in settings.cameras]
        views = views_of([camera.name for camera in cameras], settings.parts)
        self._trigger = Trigger(settings.trigger, views, line, assembler, clock)
        self._loops = tuple(CameraLoop(c, self._trigger.gate_of(c.name).take, may_start) for c in cameras)
        changeover = None
        if settings.changeover is not None:
            names = (settings.recipe, *(other.name for other in settings.other_recipes))
            listening = build_changeover(settings.changeover, names, change_recipe, clock)
            changeover = TriggerSource(listening, "changeover")
        self._sources = tuple(source for source in (self._trigger.source, changeover) if source is not None)

    @property
    def workers(self) -> tuple[Worker, ...]:
        """All threads, in the order in which they start."""
        return (*(loop.worker for loop in self._loops), *(source.worker for source in self._sources))

    @property
    def finished(self) -> bool:
        """Whether no camera will deliver any more, and the settings say that this ends the station."""
        ends = all(not isinstance(c, _ENDLESS) and c.exit_at_end for c in self._settings.cameras)
        return ends and all(loop.ended.is_set() for loop in self._loops)

    def stop(self) -> None:
        """No more triggers, no more frames."""
        for source in self._sources:
            source.stop()
        for loop in self._loops:
            loop.stop()

    def fire(self, part_id: str | None, listener: Listener | None) -> None:
        """One trigger that somebody asks for.

        Raises:
            Conflict: the settings let no one ask, or the trigger bounced; nothing was counted as a part.
        """
        desk = self._trigger.desk
        if desk is None:
            kind = self._settings.trigger.kind
            raise Conflict(f"trigger: expected kind software, mqtt or modbus in the settings, got {kind}")
        refused = desk.fire(part_id, listener)
        if refused is not None:
            raise Conflict(f"trigger ignored: {refused}")

    def cameras(self) -> tuple[CameraStatus, ...]:
        """How each camera is."""
        return tuple(loop.status() for loop in self._loops)

    def trigger(self) -> TriggerStatus:
        """What was ignored, and whether triggers can be heard."""
        return self._trigger.status()

    def not_ready_because(self) -> tuple[str, ...]:
        """Cameras that are away, and those who cannot be heard: without them nothing is judged, or the wrong thing."""
        away = [camera for camera in self.cameras() if not camera.connected and not camera.finished]
        return (
            *(camera.fault or f"camera {camera.name} is not connected" for camera in away),
            *(
                source.last_error or f"{source.worker.name} cannot be heard yet"
                for source in self._sources
                if not source.connected
            ),
        )
