"""Telling systemd how the process is. Source: sd_notify(3)."""

import logging
import socket

__all__ = ["ServiceManager"]

_log = logging.getLogger(__name__)


class ServiceManager:
    """Sends one datagram a message to the socket that systemd named; without one it does nothing."""

    def __init__(self, address: str | None) -> None:
        """`address` is the value of NOTIFY_SOCKET."""
        self._address = None if address is None else address.replace("@", "\0", 1)

    def ready(self) -> None:
        """The station runs."""
        self._send("READY=1")

    def alive(self) -> None:
        """The critical path is well."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The station ends on purpose."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            _log.warning("service manager: %s", error)
