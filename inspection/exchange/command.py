"""`inspection export` and `inspection import`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from edge.contract.errors import SettingsInvalid
from edge.contract.settings import read_secret
from inspection.client import PlantClient
from inspection.exchange.formats import SampleFormat
from inspection.exchange.transfer import export_samples, import_samples

__all__ = ["export_results", "export_to", "import_from", "open_client"]


def export_to(client: PlantClient, recipe: str, kind: str, out: Path) -> dict[str, object]:
    """Write a recipe's samples; what a command tells of it."""
    return {"recipe": recipe, "folder": str(out), **asdict(export_samples(client, recipe, SampleFormat(kind), out))}


def import_from(client: PlantClient, folder: Path, recipe: str, kind: str) -> dict[str, object]:
    """Give a folder's labelled images to a recipe; what a command tells of it."""
    return {
        "recipe": recipe,
        "folder": str(folder),
        **asdict(import_samples(client, folder, recipe, SampleFormat(kind))),
    }


def export_results(
    client: PlantClient, wanted: dict[str, str | None], out: Path, *, spreadsheet: bool
) -> dict[str, object]:
    """Write results as CSV to the new file `out`, as a whole or not at all.

    Raises:
        SettingsInvalid: `out` is there already, or cannot be written.
    """
    if out.exists():
        raise SettingsInvalid(f"{out}: expected a new file, it is there already")
    with _replaced(out) as partial, partial.open("wb") as file:
        for piece in client.results_csv(spreadsheet=spreadsheet, **wanted):
            file.write(piece)
    return {"file": str(out), "bytes": out.stat().st_size}


@contextmanager
def _replaced(out: Path) -> Iterator[Path]:
    partial = out.with_name(f".{out.name}.partial")
    try:
        yield partial
        partial.replace(out)
    except OSError as error:
        raise SettingsInvalid(f"export to {out}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def open_client(url: str, key_file: Path, ca_file: Path | None = None) -> PlantClient:
    """A client with the key in a file.

    Raises:
        SettingsInvalid: a file cannot be read or is empty.
    """
    return PlantClient(url, read_secret(None, key_file), ca_file=ca_file)
