"""A text file that grows by lines and is opened anew after a failure."""

from pathlib import Path
from typing import TextIO

from edge.contract.errors import OutputFailed

__all__ = ["AppendFile"]


class AppendFile:
    """Appends text and flushes it, for one thread."""

    def __init__(self, output: str, path: Path, header: str = "") -> None:
        """Prepare; the file is opened with the first text. `header` starts it if it is new or empty."""
        self._output = output
        self._path = path
        self._header = header
        self._file: TextIO | None = None

    def write(self, text: str) -> None:
        """Append.

        Raises:
            OutputFailed: it cannot be written; the file is opened anew on the next try.
        """
        try:
            file = self._file or self._open()
            file.write(text)
            file.flush()
        except OSError as error:
            self.close()
            msg = f"output {self._output}: {self._path}: {error}"
            raise OutputFailed(msg) from error

    def close(self) -> None:
        """Close the file; never raises."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError:
            pass  # a full disk was reported by `write` already
        finally:
            self._file = None

    def _open(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8", newline="")
        if self._file.tell() == 0:
            self._file.write(self._header)
        return self._file
