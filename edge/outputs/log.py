"""Results as lines of JSON in a file."""

from typing import TextIO

from edge.contract.errors import OutputFailed
from edge.contract.result import InspectionResult
from edge.outputs.protocol import Output
from edge.outputs.settings import LogOutputSettings

__all__ = ["LogOutput"]


class LogOutput(Output):
    """Appends one line for each result and flushes it."""

    def __init__(self, settings: LogOutputSettings) -> None:
        """Prepare; the file is opened with the first result."""
        self.name = settings.name
        self._path = settings.path
        self._file: TextIO | None = None

    def send(self, result: InspectionResult) -> None:
        """Write one line.

        Raises:
            OutputFailed: the file cannot be written; it is opened anew on the next try.
        """
        try:
            file = self._file or self._open()
            file.write(result.model_dump_json() + "\n")
            file.flush()
        except OSError as error:
            self.close()
            msg = f"output {self.name}: {self._path}: {error}"
            raise OutputFailed(msg) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError:
            pass  # a full disk was reported by `send` already
        finally:
            self._file = None

    def _open(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        return self._file
