"""Folders of what a later run would have to compute again: each file whole or not there, the longest unused goes first.

Such a folder may be deleted at any time, or lose files while somebody reads it; several processes may share it.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

__all__ = ["trim", "write_whole"]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that nobody ever sees in part; of several writers the last one wins.

    Raises:
        OSError: it cannot be written; the caller goes on without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)


def trim(folder: Path, limit_bytes: int) -> None:
    """Delete what was not used for longest until the folder keeps to its limit."""
    files = sorted(_sizes(folder), key=lambda file: file[0])
    total = sum(size for _, size, _ in files)
    for _, size, path in files:
        if total <= limit_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size


def _sizes(folder: Path) -> Sequence[tuple[float, int, Path]]:
    """When each file was used last, its bytes, and its path; leftovers of a killed run count, too."""
    found = []
    for path in folder.glob("*"):
        try:
            told = path.stat()
        except FileNotFoundError:
            continue
        found.append((told.st_mtime, told.st_size, path))
    return found
