"""Tables for spreadsheets: RFC 4180, with a head, and no text that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO

from fastapi import Response

from edge.contract.spreadsheet import UTF8_MARK, as_text_only

__all__ = ["csv_answer"]


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A file to download.

    Args:
        name: of the file, without ending.
        head: column names, with units.
        rows: cells; numbers stay numbers, instants become ISO 8601.
    """
    text = StringIO()
    text.write(UTF8_MARK)
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue(), 200, headers, "text/csv; charset=utf-8")


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else as_text_only(value)
