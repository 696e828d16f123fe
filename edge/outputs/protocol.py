"""What a station asks of an output."""

from dataclasses import dataclass
from typing import Protocol

from edge.contract.result import InspectionResult

__all__ = ["LineState", "Output"]


@dataclass(frozen=True, slots=True)
class LineState:
    """How the station is, for outputs that tell it.

    Attributes:
        ready: it judges.
        reasons: why not.
    """

    ready: bool
    reasons: tuple[str, ...] = ()


class Output(Protocol):
    """Takes results, one at a time, from one thread of its own.

    Order of calls: `attend` at the start, every `attend_every_s`, also between two tries of one result, and after each
    result; `send` any number of times; `forget` after the last try of a result that was not taken; `close` once.
    `send` may take as long as its own timeout: nobody else waits for it.
    """

    name: str
    attend_every_s: float = 0.5

    def send(self, result: InspectionResult) -> None:
        """Hand the result over; returns when it was taken, acknowledged where the other side can.

        Raises:
            OutputFailed: it was not taken; the same result is offered again after a pause.
        """
        ...

    def forget(self) -> None:
        """The result of the latest `send` was given up and counted: it must not arrive later. Never raises."""
        return

    def attend(self, state: LineState) -> None:
        """Keep the connection alive and tell how the station is, where the output can.

        Raises:
            OutputFailed: the other side is away; shown, and tried again.
        """
        del state

    def close(self) -> None:
        """Let go of connections and files; never raises."""
        ...
