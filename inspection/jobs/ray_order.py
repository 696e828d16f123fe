"""What the plant asks of the process that speaks with the Ray cluster, as a file in the job's folder."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

__all__ = ["FROM_WORKER", "MADE_BY", "ORDER", "RayOrder"]

ORDER, MADE_BY, FROM_WORKER = "order.json", "made_by.txt", "from_worker"
"""Names in the job's folder."""


class RayOrder(BaseModel):
    """One command, and what it may use.

    Attributes:
        argv, reads, writes: as in `Command`.
        key: path in `argv` at which the worker makes a key of its own; the plant's key never leaves the plant.
        made_by: file that takes the public key of the worker that signed, as text.
        program: that the plant runs itself by; on a worker its own takes the place.
        attempts: workers to try on if they die.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    argv: tuple[str, ...]
    reads: tuple[Path, ...]
    writes: tuple[Path, ...]
    key: Path | None
    made_by: Path
    program: str
    address: str
    cores: int
    memory_mb: int | None
    attempts: int
