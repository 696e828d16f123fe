"""Images that come in pieces, so that a lost connection costs one piece and not the image."""

import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from edge.contract.errors import DataInvalid, TooLarge

__all__ = ["Piece", "Pieces", "parse_range"]

_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")
_MOST = 8  # of a station; more are of images that it has given up


@dataclass(frozen=True)
class Piece:
    """Bytes `first` to `first + len(data)` of an image of `total` bytes."""

    first: int
    total: int
    data: bytes


def parse_range(header: str, data: bytes, most_bytes: int) -> Piece:
    """The piece that a `Content-Range` names. Source: RFC 9110, 14.4.

    Raises:
        DataInvalid: not of that form, or not of the length of the body.
        TooLarge: the whole image has more than `most_bytes`.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        raise DataInvalid(f"Content-Range: expected `bytes FIRST-LAST/TOTAL`, got {header[:100]!r}")
    first, last, total = (int(number) for number in match.groups())
    if last - first + 1 != len(data) or not data or last >= total:
        raise DataInvalid(f"Content-Range: {header[:100]!r} does not fit a body of {len(data)} bytes")
    if total > most_bytes:
        raise TooLarge(f"image: expected at most {most_bytes} bytes, got {total}")
    return Piece(first, total, data)


class Pieces:
    """A folder of what has come of each image so far, by station."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    def offset(self, station: str, digest: str) -> int:
        """How many bytes of an image are here."""
        path = self._path(station, digest)
        return path.stat().st_size if path.exists() else 0

    def add(self, station: str, digest: str, piece: Piece) -> bytes | None:
        """Append a piece if it goes on where the last one ended; any other changes nothing.

        Returns:
            The whole image with its last piece, else None; `offset` says where to go on.
        """
        path = self._path(station, digest)
        with self._lock:
            if piece.first != self.offset(station, digest):
                return None
            if piece.first == 0:
                self._make_room(path.parent)
            with path.open("ab") as file:
                file.write(piece.data)
            if path.stat().st_size < piece.total:
                return None
            whole = path.read_bytes()
            path.unlink()
        return whole

    def _make_room(self, folder: Path) -> None:
        """Forget what has waited longest."""
        folder.mkdir(parents=True, exist_ok=True)
        here = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in here[: max(0, len(here) - _MOST + 1)]:
            path.unlink()

    def _path(self, station: str, digest: str) -> Path:
        return self._folder / station / digest
