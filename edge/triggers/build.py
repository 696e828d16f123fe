"""From settings to a trigger; the one place that knows every kind."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, assert_never

from edge.clock import Clock
from edge.contract.frame import Frame
from edge.optional import require_package
from edge.parts.assembler import PartAssembler
from edge.parts.views import View
from edge.triggers.desk import Expecting, TriggerDesk
from edge.triggers.gate import EveryFrame, FrameGate, TriggerStatus
from edge.triggers.settings import (
    EveryFrameTriggerSettings,
    ModbusTriggerSettings,
    MqttTriggerSettings,
    PresenceTriggerSettings,
    SoftwareTriggerSettings,
    TriggerSettings,
)
from edge.triggers.source import Fire, Listening, TriggerSource

__all__ = ["Submitting", "Trigger"]


class Submitting(Expecting, Protocol):
    """What a trigger asks of the critical path: `edge.station.line.Line`."""

    def submit(self, frame: Frame, /) -> object:
        """Count a trigger and have its frame judged."""
        ...


class Trigger:
    """Decides which frames are parts.

    Attributes:
        desk: takes triggers from outside; None where frames alone decide.
        source: hears of triggers; None where nobody but the API gives any.
    """

    def __init__(
        self,
        settings: TriggerSettings,
        views: Sequence[View],
        line: Submitting,
        assembler: PartAssembler | None,
        clock: Clock,
    ) -> None:
        """Put it together; no thread runs yet.

        Raises:
            SettingsInvalid: a package, a password or the background picture is missing.
        """
        self.desk: TriggerDesk | None = None
        self.source: TriggerSource | None = None
        self._settings = settings
        self._line = line
        self._gates: dict[str, FrameGate] = {}
        match settings:
            case SoftwareTriggerSettings() | MqttTriggerSettings() | ModbusTriggerSettings():
                self.desk = TriggerDesk(settings, views, line, assembler, clock)
                listening = _listening(settings, self.desk.fire, clock)
                self.source = None if listening is None else TriggerSource(listening)

    def gate_of(self, camera: str) -> FrameGate:
        """Takes every frame of that camera."""
        if camera not in self._gates:
            self._gates[camera] = self._gate(camera)
        return self._gates[camera]

    def status(self) -> TriggerStatus:
        """What was ignored, and whether triggers can be heard."""
        source = self.source
        return TriggerStatus(
            kind=self._settings.kind,
            frames_ignored=self._frames_ignored(),
            triggers_ignored={} if self.desk is None else self.desk.bounced.counts(),
            connected=source is None or source.connected,
            last_error=None if source is None else source.last_error,
        )

    def _frames_ignored(self) -> dict[str, int]:
        if self.desk is not None:
            return self.desk.ignored.counts()
        return dict(sum((Counter(gate.ignored.counts()) for gate in self._gates.values()), Counter()))

    def _gate(self, camera: str) -> FrameGate:
        match self._settings:
            case EveryFrameTriggerSettings():
                return EveryFrame(self._line.submit)
            case PresenceTriggerSettings():
                from edge.triggers.presence import PartPresence  # noqa: PLC0415 - what is not used is not loaded

                return PartPresence(self._settings, self._line.submit)
        if self.desk is None:
            raise AssertionError(self._settings.kind)
        return self.desk.gate_of(camera)


def _listening(
    settings: SoftwareTriggerSettings | MqttTriggerSettings | ModbusTriggerSettings, fire: Fire, clock: Clock
) -> Listening | None:
    wanted_by = f"trigger (kind {settings.kind})"
    match settings:
        case SoftwareTriggerSettings():
            return None
        case MqttTriggerSettings():
            require_package("paho", "plc", wanted_by)
            from edge.triggers.mqtt import MessageListener  # noqa: PLC0415 - what is not used is not loaded

            return MessageListener(settings, fire, clock)
        case ModbusTriggerSettings():
            require_package("pymodbus", "plc", wanted_by)
            from edge.triggers.modbus import CoilListener  # noqa: PLC0415 - the same

            return CoilListener(settings, fire, clock)
    assert_never(settings)
