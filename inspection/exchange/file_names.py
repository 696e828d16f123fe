"""Names of files as tables and annotations of other tools have them."""

from pathlib import Path

__all__ = ["is_there", "names_of"]


def names_of(written: str) -> tuple[str, ...]:
    """What a name may mean: itself, and with slashes what a tool under Windows wrote."""
    slashed = written.replace("\\", "/")
    return (written,) if slashed == written else (written, slashed)


def is_there(path: Path) -> bool:
    """Whether it is a file that can be looked at."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long or holds zero bytes, a folder that may not be read
        return False
