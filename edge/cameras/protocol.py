"""What a station asks of a camera."""

from enum import Enum
from types import TracebackType
from typing import Protocol, Self

from edge.contract.frame import Frame

__all__ = ["Camera", "NoFrame"]


class NoFrame(Enum):
    """What `Camera.grab` answers when there is no frame to give."""

    NOT_YET = "nothing within the timeout"
    END = "the source is exhausted; no frame will come any more"


class Camera(Protocol):
    """Delivers frames to one thread.

    Order of calls: `open`, then `grab` any number of times, then `close`. After `CameraLost` from any of them:
    `close`, wait, `open` again; a camera goes on where it was, so that part ids stay unique. `close` may be called
    at any time, also twice.
    """

    name: str

    def open(self) -> None:
        """Connect.

        Raises:
            CameraLost: not there; the station shows it and tries again with backoff.
        """
        ...

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """Wait up to `timeout_s` seconds for the next frame.

        A frame that came but cannot be decoded is a `Frame` with `pixels` None and a `fault`: it is a trigger too.

        Raises:
            CameraLost: it stopped delivering; the station reconnects.
        """
        ...

    def close(self) -> None:
        """Disconnect; never raises."""
        ...

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
