"""The version of the installed software."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["software_version"]


def software_version() -> str:
    """Version of the distribution; `0+source` when run from a checkout that is not installed."""
    try:
        return version("inspection")
    except PackageNotFoundError:
        return "0+source"
