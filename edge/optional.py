"""Packages that only some stations need."""

from importlib.util import find_spec

from edge.contract.errors import SettingsInvalid

__all__ = ["require_package"]


def require_package(package: str, extra: str, wanted_by: str) -> None:
    """Make sure that an optional package is there, before something imports it.

    Args:
        package: name as imported.
        extra: what brings it.
        wanted_by: the setting that needs it, for the message.

    Raises:
        SettingsInvalid: it is not installed; the message says how to install it.
    """
    if find_spec(package) is None:
        msg = f"{wanted_by} needs {package}, which is not installed: pip install 'inspection[{extra}]'"
        raise SettingsInvalid(msg)
