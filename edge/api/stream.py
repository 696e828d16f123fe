"""A WebSocket stream of frames, with a verdict for each, in order.

Client: binary messages, one image file or raw frame each; before one, a text message may name its part.
Server: for each binary message one text message, the result's JSON, in the order of the frames.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, WebSocket
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import WebSocketException
from starlette.status import WS_1003_UNSUPPORTED_DATA
from starlette.websockets import WebSocketDisconnect

from edge.api.raw import RawQuery, raw_format
from edge.api.verdicts import Inspector, answer_of, ask
from edge.cameras.pixels import RawFormat
from edge.cameras.push import PushedFrames
from edge.contract.result import InspectionResult
from edge.contract.values import Value

__all__ = ["stream_router"]


class _NextPart(Value):
    """What a text message says."""

    part_id: Annotated[str, Field(min_length=1, max_length=128)]


def stream_router(station: Inspector, frames: Callable[[RawFormat | None], PushedFrames], window: int) -> APIRouter:
    """The route.

    Args:
        station: judges.
        frames: makes frames of what a client sends.
        window: frames of one client that may be in flight; a faster client waits, and none of its frames is dropped.
    """
    router = APIRouter(prefix="/v1")

    @router.websocket("/stream")
    async def stream(socket: WebSocket, raw: Annotated[RawQuery, Query()]) -> None:
        await socket.accept()
        try:
            shape = raw_format(raw)
        except HTTPException as error:
            raise WebSocketException(WS_1003_UNSUPPORTED_DATA, error.detail) from error
        await _Conversation(socket, station, frames(shape), window).run()

    return router


class _Conversation:
    """One client: a reader that submits, a writer that answers in order."""

    def __init__(self, socket: WebSocket, station: Inspector, frames: PushedFrames, window: int) -> None:
        self._socket = socket
        self._station = station
        self._frames = frames
        self._room = asyncio.Semaphore(window)
        self._pending: deque[asyncio.Future[InspectionResult]] = deque()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Until the client goes: the reader may hear of it, or the writer, while the reader waits for room."""
        both = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        finally:
            for task in both:
                task.cancel()

    async def _read(self) -> None:
        part_id: str | None = None
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            if data is None:
                part_id = _part_id(message.get("text") or "")
                continue
            await self._room.acquire()
            frame = await run_in_threadpool(self._frames.frame, data, part_id)
            self._pending.append(ask(partial(self._station.submit, frame)))
            self._news.set()
            part_id = None

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._pending:
                result = await self._pending.popleft()
                self._room.release()
                await self._socket.send_json(answer_of(result))


def _part_id(text: str) -> str:
    try:
        return _NextPart.model_validate_json(text).part_id
    except ValidationError as error:
        reason = f'expected {{"part_id": "…"}}: {error.errors()[0]["msg"]}'
        raise WebSocketException(WS_1003_UNSUPPORTED_DATA, reason[:120]) from error
