"""Places to write to, looked at before the work: what takes minutes must not end at a file that cannot be made."""

from pathlib import Path
from tempfile import TemporaryFile

from edge.contract.errors import SettingsInvalid

__all__ = ["check_writable"]


def check_writable(option: str, path: Path | None) -> None:
    """Make the folder of a file that is to be written; without a path nothing is.

    Raises:
        SettingsInvalid: it is a folder, or none can be written to where it is to lie.
    """
    if path is None:
        return
    if path.is_dir():
        raise SettingsInvalid(f"{option}: expected a file, got the folder {path}")
    folder = path.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingsInvalid(f"{option}: {path} cannot be written: {error}") from error
