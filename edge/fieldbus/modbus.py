"""A Modbus TCP connection that comes back by itself."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from edge.contract.errors import ControllerLost
from edge.fieldbus.settings import ModbusAddress

__all__ = ["ModbusConnection"]

Pdu = TypeVar("Pdu", bound=ModbusPDU)


class ModbusConnection:
    """Reads and writes a controller's registers and coils, from one thread; connects when it is first used."""

    def __init__(self, address: ModbusAddress) -> None:
        """Prepare; nothing is connected yet."""
        self._address = address
        self._where = f"{address.host}:{address.port}"
        self._client = ModbusTcpClient(
            address.host, port=address.port, timeout=address.timeout_s, retries=0, reconnect_delay=0
        )

    def read_registers(self, address: int, count: int) -> list[int]:
        """Up to 125 holding registers, 0 to 65535 each.

        Raises:
            ControllerLost: no answer, or one that says no; so for all methods.
        """
        answer = self._ask(
            lambda: self._client.read_holding_registers(address, count=count, device_id=self._address.device_id),
            f"reading {count} registers from {address}",
        )
        return [int(word) for word in answer.registers]

    def write_registers(self, address: int, values: Sequence[int]) -> None:
        """Up to 123 holding registers, in one request."""
        self._ask(
            lambda: self._client.write_registers(address, list(values), device_id=self._address.device_id),
            f"writing {len(values)} registers from {address}",
        )

    def read_coil(self, address: int) -> bool:
        """One coil."""
        answer = self._ask(
            lambda: self._client.read_coils(address, device_id=self._address.device_id), f"reading coil {address}"
        )
        return bool(answer.bits[0])

    def write_coil(self, address: int, value: bool) -> None:  # noqa: FBT001 - the coil's value
        """One coil."""
        self._ask(
            lambda: self._client.write_coil(address, value, device_id=self._address.device_id),
            f"writing coil {address}",
        )

    def close(self) -> None:
        """Disconnect; the next use connects again."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _ask(self, request: Callable[[], Pdu], what: str) -> Pdu:
        try:
            if not self._client.connected and not self._client.connect():  # type: ignore[no-untyped-call]
                raise ControllerLost(f"modbus {self._where}: cannot connect")
            answer = request()
        except (ModbusException, OSError) as error:
            self._client.close()  # type: ignore[no-untyped-call]
            raise ControllerLost(f"modbus {self._where}: {what}: {error}") from error
        if answer.isError():
            raise ControllerLost(f"modbus {self._where}: {what}: the controller answered {answer}")
        return answer
