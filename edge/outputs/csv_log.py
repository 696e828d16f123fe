"""Results as rows of a CSV file, for people with a spreadsheet. Source: RFC 4180."""

import csv
import io

from edge.contract.result import InspectionResult
from edge.contract.spreadsheet import as_text_only
from edge.outputs.append_file import AppendFile
from edge.outputs.protocol import Output
from edge.outputs.settings import CsvOutputSettings

__all__ = ["COLUMNS", "CsvOutput"]

COLUMNS = (
    "captured_at", "sequence", "part_id", "verdict", "outcome", "reason", "score", "threshold", "defect_class",
    "frame_to_verdict_ms", "recipe", "camera", "station", "bundle_id", "id",
)  # fmt: skip
"""The header's words; those of the result."""


class CsvOutput(Output):
    """Appends one row for each result and flushes it; a new file starts with the header."""

    def __init__(self, settings: CsvOutputSettings) -> None:
        """Prepare; the file is opened with the first result."""
        self.name = settings.name
        self._file = AppendFile(settings.name, settings.path, _row(COLUMNS))
        self._cell = as_text_only if settings.spreadsheet else _as_it_is

    def send(self, result: InspectionResult) -> None:
        """Write one row.

        Raises:
            OutputFailed: the file cannot be written; it is opened anew on the next try.
        """
        values = {**result.model_dump(mode="json"), "frame_to_verdict_ms": result.frame_to_verdict_ms}
        self._file.write(_row([self._cell(values[name]) for name in COLUMNS]))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _as_it_is(value: object) -> object:
    return value


def _row(values: tuple[str, ...] | list[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
