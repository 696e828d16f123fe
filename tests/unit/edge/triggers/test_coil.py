"""Facts of a PLC's coil as a trigger, where the PLC is lost in the middle of one."""

from dataclasses import dataclass, field

import pytest

from edge.contract.errors import ControllerLost
from edge.triggers import modbus
from edge.triggers.modbus import CoilListener
from edge.triggers.settings import ModbusTriggerSettings
from tests.support.edge_fakes import FakeClock

COIL, REGISTER = 5, 200


@dataclass
class FakePlc:
    """One coil and the part id `ab`.

    Attributes:
        lost_at: what it does not answer once.
    """

    coil: bool = False
    lost_at: set[str] = field(default_factory=set)

    def read_coil(self, address: int) -> bool:
        """The coil."""
        assert address == COIL
        return self.coil

    def read_registers(self, address: int, count: int) -> list[int]:
        """The part id."""
        self._answer("part id")
        assert address == REGISTER
        return [0x6162, *[0] * (count - 1)]

    def write_coil(self, address: int, value: bool) -> None:  # noqa: FBT001 - the coil's value
        """The station takes the trigger."""
        self._answer("reset")
        assert address == COIL
        self.coil = value

    def _answer(self, what: str) -> None:
        if what in self.lost_at:
            self.lost_at.remove(what)
            raise ControllerLost(f"no answer: {what}")


@pytest.mark.parametrize("lost_at", ["part id", "reset"])
def test_a_trigger_in_whose_middle_the_plc_is_lost_is_taken_once_and_reset(
    lost_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the PLC waits for ever for the reset of a trigger that nobody counted."""
    plc = FakePlc(lost_at={lost_at})
    monkeypatch.setattr(modbus, "ModbusConnection", lambda _: plc)
    fired: list[str | None] = []
    settings = ModbusTriggerSettings(kind="modbus", host="plc", coil=COIL, part_id_register=REGISTER)
    listener = CoilListener(settings, fired.append, FakeClock())
    listener.listen()
    for _ in range(2):
        plc.coil = True
        for _ in range(3):
            try:
                listener.listen()
            except ControllerLost as error:
                assert lost_at in str(error)  # noqa: PT017 - what the source's thread does, too
        assert not plc.coil
    assert fired == ["ab", "ab"]
