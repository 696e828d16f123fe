"""Pixels to frames: who they are and when they came."""

from edge.clock import Clock
from edge.contract.frame import Frame, Pixels

__all__ = ["Framing"]


class Framing:
    """Makes frames of one camera, with part ids that no other run of the process gives."""

    def __init__(self, camera: str, clock: Clock) -> None:
        """Count from 1; the time of this start is a part of each id."""
        self._camera = camera
        self._clock = clock
        self._run = clock.utc().strftime("%y%m%d-%H%M%S")
        self._count = 0

    def frame(self, pixels: Pixels | None, fault: str | None = None, source: str | None = None) -> Frame:
        """One exposure that is in memory now."""
        self._count += 1
        return Frame(
            pixels=pixels,
            part_id=f"{self._camera[:64]}-{self._run}-{self._count:06}",
            camera=self._camera,
            captured_at=self._clock.utc(),
            received_us=self._clock.now_us(),
            fault=fault,
            source=source,
        )
