"""Pixels to frames: who they are and when they came."""

import secrets

from edge.clock import Clock
from edge.contract.frame import Frame, Pixels

__all__ = ["Framing", "PartCounter"]


class PartCounter:
    """Names parts that nobody else names, so that no other run of the process gives the same name."""

    def __init__(self, camera: str, clock: Clock) -> None:
        """Count from 1; the time of this start is a part of each name.

        So are four digits by chance: a box without a clock of its own starts at the same time each time.
        """
        self._prefix = f"{camera}-{clock.utc():%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self._count = 0

    def next_id(self) -> str:
        """Name of one more part."""
        self._count += 1
        return f"{self._prefix}-{self._count:06}"


class Framing:
    """Makes frames of one camera; each one is named as a part of its own."""

    def __init__(self, camera: str, clock: Clock) -> None:
        """Count from 1."""
        self._camera = camera
        self._clock = clock
        self._names = PartCounter(camera, clock)

    def frame(self, pixels: Pixels | None, fault: str | None = None, source: str | None = None) -> Frame:
        """One exposure that is in memory now."""
        return Frame(
            pixels=pixels,
            part_id=self._names.next_id(),
            camera=self._camera,
            captured_at=self._clock.utc(),
            received_us=self._clock.now_us(),
            fault=fault,
            source=source,
        )
