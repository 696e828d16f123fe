"""A text file that grows by whole lines and is opened anew after a failure, or where it was moved away."""

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

from edge.contract.errors import OutputFailed

__all__ = ["AppendFile"]


class AppendFile:
    """Appends text that ends a line, for one thread."""

    def __init__(self, output: str, path: Path, header: str = "") -> None:
        """Prepare; the file is opened with the first text. `header` starts it if it is new or empty."""
        self._output = output
        self._path = path
        self._header = header
        self._file: FileIO | None = None

    def write(self, text: str) -> None:
        """Append all of it, or nothing.

        Raises:
            OutputFailed: it cannot be written; the file is opened anew on the next try.
        """
        try:
            if self._file is not None and not _is_at(self._file, self._path):
                self.close()  # somebody moved it away, as people do at the end of a day
            self._file = self._file or self._open()
            _append(self._file, text)
        except OSError as error:
            self.close()
            msg = f"output {self._output}: {self._path}: {error}"
            raise OutputFailed(msg) from error

    def close(self) -> None:
        """Close the file; never raises."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _open(self) -> FileIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("ab+", buffering=0)
        try:
            _append(file, self._header if file.seek(0, os.SEEK_END) == 0 else _missing_end(file))
        except OSError:
            file.close()
            raise
        return file


def _is_at(file: FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _append(file: FileIO, text: str) -> None:
    """Unbuffered; a disk that is full in the middle of a line keeps no half of it, to which the next try would add."""
    start, data = file.seek(0, os.SEEK_END), text.encode()
    try:
        while data:
            data = data[file.write(data) :]
    except OSError:
        with suppress(OSError):
            file.truncate(start)
        raise


def _missing_end(file: FileIO) -> str:
    """What ends the last line of a file that is not empty: a station that lost its power leaves half of one."""
    file.seek(-1, os.SEEK_END)
    return "" if file.read(1) == b"\n" else "\n"
