"""A PLC as far as a station can see it: a real Modbus TCP server, whose program is a few lines of Python."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

SIZE = 256
ACK = 100


class Plc:
    """Holds 256 registers and coils; takes each new handshake in register 2 and copies it into register 100.

    Attributes:
        port: where it listens.
        acknowledges: whether it takes results.
        registers: a copy of the holding registers as of the latest write.
        taken: handshakes in the order in which they came, repeated tries too.
        beats: values of the heartbeat in the order in which they came.
    """

    def __init__(self, port: int, *, acknowledges: bool = True, kept: Mapping[int, int] | None = None) -> None:
        self.port = port
        self._kept = kept or {}
        self.acknowledges = acknowledges
        self.registers = [0] * SIZE
        self.taken: list[int] = []
        self.beats: list[int] = []
        self._up = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        assert self._up.wait(10)

    def stop(self) -> None:
        """Close the connections too."""
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(10)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        bits = [SimData(0, values=[False] * SIZE, datatype=DataType.BITS)]
        values = [self._kept.get(register, 0) for register in range(SIZE)]
        words = [SimData(0, values=values, datatype=DataType.REGISTERS)]
        device = SimDevice(1, simdata=(bits, bits, words, words), use_bit_addressing=True, action=self._scan)
        self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        await self._server.serve_forever(background=True)
        self._up.set()
        await self._server.serving

    async def _scan(
        self, function: int, _start: int, address: int, _count: int, registers: list[int], values: list[int] | None
    ) -> None:
        if function != _WRITE_REGISTERS or values is None:
            return
        self.registers = [*registers]
        self.registers[address : address + len(values)] = values
        if address == 0:
            self.beats.append(values[0])
        if address == _HANDSHAKE:
            self.taken.append(values[0])
            if self.acknowledges:
                registers[ACK] = values[0]


_WRITE_REGISTERS, _HANDSHAKE = 16, 2


@contextmanager
def running_plc(port: int, *, acknowledges: bool = True, kept: Mapping[int, int] | None = None) -> Iterator[Plc]:
    """A PLC that listens until the end of the block; `kept` are registers that outlived its last loss of power."""
    plc = Plc(port, acknowledges=acknowledges, kept=kept)
    plc.start()
    try:
        yield plc
    finally:
        plc.stop()
