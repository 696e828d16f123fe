"""A command of `models`, and which files it needs and makes, so that it can run where those files are not."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        argv: program and arguments; every path below is an argument of its own, written as `str(path)`.
        reads: files and folders that it reads.
        writes: files that it writes; one that is not there afterwards was not written.
        key: PEM file of the key that signs the bundle it writes; None: it writes none.
    """

    argv: tuple[str, ...]
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    key: Path | None = None
