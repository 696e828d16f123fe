"""Results in a PLC's holding registers, with a handshake and a heartbeat.

Registers from `register_base` on, all written by the station (the PLC owns only the acknowledgement):

+0  heartbeat     counts up every `heartbeat_s`, 0 to 65535 and round again
+1  state         0 not ready, 1 ready: whether the station judges
+2  handshake     1 to 65535, of the result that lies in the registers below; written after them, never twice the same
+3  sequence      the trigger's number, high word first (2 registers)
+5  verdict       1 PASS, 2 FAIL, 3 UNDECIDED
+6  outcome       0 verdict, 1 timeout, 2 drop
+7  score         IEEE 754 float, high word first; not-a-number if not judged (2 registers)
+9  part id       ASCII, two characters a register, filled up with 0; the last characters of a longer one

The PLC sees a new handshake, takes the result, and copies the handshake into `ack_register`.
Source: MODBUS Application Protocol V1.1b3, 6.3 and 6.12.
"""

import math
import struct

from edge.clock import Clock
from edge.contract.errors import ControllerLost, OutputFailed
from edge.contract.result import InspectionResult, Outcome, Verdict
from edge.fieldbus.modbus import ModbusConnection
from edge.outputs.protocol import LineState, Output
from edge.outputs.settings import ModbusOutputSettings

__all__ = ["ModbusOutput", "handshake_of", "registers_of"]

_HANDSHAKE, _RESULT = 2, 3
_VERDICTS = {Verdict.PASS: 1, Verdict.FAIL: 2, Verdict.UNDECIDED: 3}
_OUTCOMES = {Outcome.VERDICT: 0, Outcome.TIMEOUT: 1, Outcome.DROP: 2}
_POLL_S = 0.005
_WORD = 0xFFFF


class ModbusOutput(Output):
    """Writes each result and, if the settings name an acknowledgement register, waits until the PLC took it."""

    def __init__(self, settings: ModbusOutputSettings, clock: Clock) -> None:
        """Prepare; the PLC is connected when there is something to say."""
        self.name = settings.name
        self.attend_every_s = min(Output.attend_every_s, settings.heartbeat_s / 2)
        self._settings = settings
        self._clock = clock
        self._plc = ModbusConnection(settings)
        self._beats = 0
        self._due_us = 0
        self._state = LineState(ready=False)
        self._shift: int | None = None  # from the sequence to the handshake; known with the first result

    def send(self, result: InspectionResult) -> None:
        """Write the result, then its handshake, then wait for the PLC's answer.

        A repeated try writes the same handshake, so that a PLC that took the result does not take it twice.

        Raises:
            OutputFailed: the PLC is away, or did not acknowledge in time.
        """
        try:
            base = self._settings.register_base
            self._plc.write_registers(base + _RESULT, registers_of(result, self._settings.part_id_registers))
            handshake = self._handshake_of(result)
            self._plc.write_registers(base + _HANDSHAKE, [handshake])
            if self._settings.ack_register is not None:
                self._wait_for_ack(self._settings.ack_register, handshake)
        except ControllerLost as error:
            raise OutputFailed(f"output {self.name}: {error}") from error

    def attend(self, state: LineState) -> None:
        """Write heartbeat and state when due.

        Raises:
            OutputFailed: the PLC is away.
        """
        changed = state.ready != self._state.ready
        self._state = state
        if changed:
            self._due_us = 0
        try:
            self._beat_if_due()
        except ControllerLost as error:
            raise OutputFailed(f"output {self.name}: {error}") from error

    def close(self) -> None:
        """Say that nothing is judged any more, and disconnect."""
        try:
            self._plc.write_registers(self._settings.register_base + 1, [0])
        except ControllerLost:
            pass  # the PLC sees the heartbeat stop
        finally:
            self._plc.close()

    def _handshake_of(self, result: InspectionResult) -> int:
        """A box that lost its power counts on from the last result on its disk: the PLC has seen newer ones of it.

        It would not see that the first result is a new one, and what it holds as its answer would be taken for one.
        """
        if self._shift is None:
            ack, written = self._settings.ack_register, self._settings.register_base + _HANDSHAKE
            seen = {self._plc.read_registers(at, 1)[0] for at in (written, ack) if at is not None}
            self._shift = next(n for n in range(len(seen) + 1) if handshake_of(result.sequence + n) not in seen)
        return handshake_of(result.sequence + self._shift)

    def _wait_for_ack(self, register: int, handshake: int) -> None:
        end_us = self._clock.now_us() + round(self._settings.ack_timeout_s * 1e6)
        while (found := self._plc.read_registers(register, 1)[0]) != handshake:
            if self._clock.now_us() >= end_us:
                msg = f"output {self.name}: expected {handshake} in register {register} within "
                msg += f"{self._settings.ack_timeout_s:g} s, found {found}"
                raise OutputFailed(msg)
            self._beat_if_due()
            self._clock.sleep(_POLL_S)

    def _beat_if_due(self) -> None:
        now_us = self._clock.now_us()
        if now_us < self._due_us:
            return
        self._beats = (self._beats + 1) & _WORD
        self._plc.write_registers(self._settings.register_base, [self._beats, int(self._state.ready)])
        self._due_us = now_us + round(self._settings.heartbeat_s * 1e6)


def handshake_of(sequence: int) -> int:
    """1 to 65535, another one for each of as many results; never 0, which is what an idle PLC holds."""
    return (sequence - 1) % _WORD + 1


def registers_of(result: InspectionResult, part_id_registers: int) -> list[int]:
    """The result as registers, from the sequence number on."""
    score = math.nan if result.score is None else result.score
    sequence = result.sequence & 0xFFFFFFFF
    size = 2 * part_id_registers
    part_id = result.part_id.encode("ascii", "replace")[-size:].ljust(size, b"\0")
    head = struct.pack(">IHHf", sequence, _VERDICTS[result.verdict], _OUTCOMES[result.outcome], score)
    return [int(word) for (word,) in struct.iter_unpack(">H", head + part_id)]
