"""Files and folders as a stream of pieces, and pieces as files and folders again."""

import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from inspection.tar_files import take_out

__all__ = ["PIECE_BYTES", "pack", "unpack"]

PIECE_BYTES = 32 << 20
"""So much of a parcel is in memory at a time."""


def pack(paths: Sequence[Path], beside: Path) -> Iterator[bytes]:
    """Pieces of one archive with `0/NAME`, `1/NAME`, …; a path that is not there is left out.

    Args:
        paths: files and folders.
        beside: a folder with room for the archive.
    """
    with TemporaryFile(dir=beside) as file:
        with tarfile.open(fileobj=file, mode="w", dereference=True) as archive:
            for number, path in enumerate(paths):
                if path.exists():
                    archive.add(path, f"{number}/{path.name}")
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece


def unpack(pieces: Iterable[bytes], folder: Path) -> None:
    """Put what `pack` made into `folder`; nothing gets outside of it.

    Raises:
        tarfile.TarError: it is no archive, or one of something else.
    """
    with TemporaryFile(dir=folder) as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r") as archive:
            for member in archive:
                take_out(archive, member, folder)
