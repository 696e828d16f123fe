"""One station process for one state folder: two would number and upload the same parts."""

import fcntl
import os
from pathlib import Path

from edge.contract.errors import SettingsInvalid

__all__ = ["StateLock"]


class StateLock:
    """Held for the life of the process; the system lets it go even after kill -9."""

    def __init__(self, folder: Path) -> None:
        """Take the folder.

        Raises:
            SettingsInvalid: another process has it, or it cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "lock").open("w")
        except OSError as error:
            raise SettingsInvalid(f"state_dir {folder}: {error}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise SettingsInvalid(f"state_dir {folder}: another station process uses it") from error
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let another process have the folder."""
        self._file.close()
