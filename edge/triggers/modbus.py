"""A coil of a PLC as a trigger."""

from edge.clock import Clock
from edge.fieldbus.modbus import ModbusConnection
from edge.triggers.settings import ModbusTriggerSettings
from edge.triggers.source import Fire, Listening

__all__ = ["CoilListener", "text_of"]


class CoilListener(Listening):
    """Polls the coil; a rising edge is a trigger.

    Where the PLC is lost between edge, part id and reset, what was not done is done when it is back.
    """

    def __init__(self, settings: ModbusTriggerSettings, fire: Fire, clock: Clock) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._fire = fire
        self._clock = clock
        self._plc = ModbusConnection(settings)
        self._on = False
        self._agree = 0
        self._reset_due = False

    def listen(self) -> None:
        """One look at the coil, then the pause of the settings.

        Raises:
            ControllerLost: the PLC is away.
        """
        self._reset_if_due()
        self._look(self._plc.read_coil(self._settings.coil))
        self._clock.sleep(self._settings.poll_ms / 1000)

    def close(self) -> None:
        """Disconnect."""
        self._plc.close()

    def _look(self, on: bool) -> None:  # noqa: FBT001 - the coil's value
        self._agree = 0 if on == self._on else self._agree + 1
        if self._agree < self._settings.debounce_polls:
            return
        part_id = self._part_id() if on else None  # first: if the PLC is lost here, the edge is still to be taken
        self._on, self._agree = on, 0
        if on:
            self._fire(part_id)
            self._reset_due = self._settings.reset_coil
            self._reset_if_due()

    def _reset_if_due(self) -> None:
        if self._reset_due:
            self._plc.write_coil(self._settings.coil, value=False)
            self._on = self._reset_due = False

    def _part_id(self) -> str | None:
        first = self._settings.part_id_register
        if first is None:
            return None
        return text_of(self._plc.read_registers(first, self._settings.part_id_registers))


def text_of(registers: list[int]) -> str | None:
    """Two ASCII characters a register, up to the first 0; None if that leaves nothing."""
    data = b"".join(word.to_bytes(2, "big") for word in registers)
    return data.split(b"\0")[0].decode("ascii", "replace").strip() or None
