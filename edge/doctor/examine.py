"""All checks of one station, in the order in which a person would look."""

from collections.abc import Iterator

from edge.cli.trust import trust_from_files
from edge.doctor.check import Check
from edge.doctor.judging import check_judging
from edge.doctor.machine import check_machine
from edge.doctor.others import check_others
from edge.station.settings import StationSettings
from edge.station.state_lock import StateLock

__all__ = ["examine"]


def examine(settings: StationSettings) -> Iterator[Check]:
    """Look at everything.

    Raises:
        SettingsInvalid: the station runs already (two would fight for camera and controllers), or keys are no keys.
    """
    trusted = trust_from_files(settings.trusted_keys, settings.trusted_key_files)
    lock = StateLock(settings.state_dir)
    try:
        yield from check_machine(settings)
        yield from check_judging(settings, trusted)
        yield from check_others(settings)
    finally:
        lock.release()
