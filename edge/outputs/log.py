"""Results as lines of JSON in a file."""

from edge.contract.result import InspectionResult
from edge.outputs.append_file import AppendFile
from edge.outputs.protocol import Output
from edge.outputs.settings import LogOutputSettings

__all__ = ["LogOutput"]


class LogOutput(Output):
    """Appends one line for each result and flushes it."""

    def __init__(self, settings: LogOutputSettings) -> None:
        """Prepare; the file is opened with the first result."""
        self.name = settings.name
        self._file = AppendFile(settings.name, settings.path)

    def send(self, result: InspectionResult) -> None:
        """Write one line.

        Raises:
            OutputFailed: the file cannot be written; it is opened anew on the next try.
        """
        self._file.write(result.model_dump_json() + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
