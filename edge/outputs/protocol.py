"""What a station asks of an output."""

from typing import Protocol

from edge.contract.result import InspectionResult

__all__ = ["Output"]


class Output(Protocol):
    """Takes results, one at a time, from one thread of its own.

    Order of calls: `send` any number of times, then `close` once. `send` may take as long as its own timeout: nobody
    else waits for it.
    """

    name: str

    def send(self, result: InspectionResult) -> None:
        """Hand the result over.

        Raises:
            OutputFailed: it was not taken; the same result is offered again after a pause.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files; never raises."""
        ...
