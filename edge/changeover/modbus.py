"""A register of a PLC that holds the number of the recipe."""

import logging
from collections.abc import Callable, Sequence

from edge.changeover.settings import ModbusChangeoverSettings
from edge.clock import Clock
from edge.contract.errors import ControllerLost, RequestRefused
from edge.fieldbus.modbus import ModbusConnection
from edge.triggers.source import Listening

__all__ = ["REFUSED", "RegisterListener"]

_log = logging.getLogger(__name__)
REFUSED = 65_535
"""What the station writes when it cannot change to the number."""


class RegisterListener(Listening):
    """Polls the register; another number than before is a changeover. 0 means that the PLC has no wish.

    A PLC that was away and keeps its number has lost the answer: it gets it again, and nothing is changed over for it.
    """

    def __init__(
        self, settings: ModbusChangeoverSettings, names: Sequence[str], change: Callable[[str], None], clock: Clock
    ) -> None:
        """Change to `names[number - 1]`."""
        self._settings = settings
        self._names = names
        self._change = change
        self._clock = clock
        self._plc = ModbusConnection(settings)
        self._seen = 0
        self._answer: int | None = None
        self._answer_due = False

    def listen(self) -> None:
        """One look at the register, then the pause of the settings.

        Raises:
            ControllerLost: the PLC is away.
        """
        try:
            self._look(self._plc.read_registers(self._settings.register_number, 1)[0])
        except ControllerLost:
            self._answer_due = self._answer is not None
            raise
        self._clock.sleep(self._settings.poll_ms / 1000)

    def close(self) -> None:
        """Disconnect."""
        self._plc.close()

    def _look(self, number: int) -> None:
        if number not in (0, self._seen):
            self._answer, self._answer_due = (number if self._changed_to(number) else REFUSED), True
        self._seen = number
        if self._answer is None or not self._answer_due or number == 0:
            return
        if self._settings.done_register is not None:
            self._plc.write_registers(self._settings.done_register, [self._answer])
        self._answer_due = False

    def _changed_to(self, number: int) -> bool:
        if number > len(self._names):
            _log.error("changeover: expected a number from 1 to %d, got %d", len(self._names), number)
            return False
        try:
            self._change(self._names[number - 1])
        except RequestRefused as error:
            _log.error("changeover: %s", error)
            return False
        return True
