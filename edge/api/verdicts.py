"""From a frame that somebody handed in to its one result, across threads."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from edge.contract.frame import Frame
from edge.contract.link import LivePicture
from edge.contract.result import InspectionResult
from edge.station.recipes import RecipeStatus
from edge.station.status import StationStatus

__all__ = ["Inspector", "answer_of", "ask"]


class Inspector(Protocol):
    """What the API asks of a station."""

    def submit(self, frame: Frame, listener: Callable[[InspectionResult], None] | None = None) -> int:
        """Count a trigger and have its frame judged; `listener` hears the one result."""
        ...

    def trigger(self, part_id: str | None, listener: Callable[[InspectionResult], None] | None = None) -> None:
        """Count a trigger and have the camera's next frame judged."""
        ...

    def change_recipe(self, name: str) -> RecipeStatus:
        """Let the next trigger be of another part type."""
        ...

    def picture(self) -> LivePicture | None:
        """The latest part, small."""
        ...

    def status(self) -> StationStatus:
        """Everything at this moment."""
        ...


def ask(submit: Callable[[Callable[[InspectionResult], None]], object]) -> asyncio.Future[InspectionResult]:
    """Hand something in and get its one result, which another thread settles.

    Args:
        submit: is given the listener that hears the result.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[InspectionResult] = loop.create_future()

    def resolve(result: InspectionResult) -> None:
        if not future.done():  # who asked may have gone
            future.set_result(result)

    submit(lambda result: _tell(loop, resolve, result))
    return future


def answer_of(result: InspectionResult) -> dict[str, Any]:
    """The result as who handed the frame in is told."""
    return {**result.model_dump(mode="json"), "frame_to_verdict_ms": result.frame_to_verdict_ms}


def _tell(
    loop: asyncio.AbstractEventLoop, resolve: Callable[[InspectionResult], None], result: InspectionResult
) -> None:
    if not loop.is_closed():  # the station may settle its last triggers after the API ended
        loop.call_soon_threadsafe(resolve, result)
