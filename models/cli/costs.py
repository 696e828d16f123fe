"""Costs of wrong verdicts as options of a command."""

import argparse

from pydantic import ValidationError

from edge.contract.errors import SettingsInvalid
from edge.contract.manifest import Costs

__all__ = ["asked_costs", "costs_from"]


OVERKILL_COST, DEFECT_RATE = 1.0, 0.01  # of a line that says nothing else


def asked_costs(options: argparse.Namespace) -> Costs | None:
    """The three options of a command that weighs no costs unless an escape has one.

    Raises:
        SettingsInvalid: as `costs_from`; or a cost or share is given, and no cost of an escape.
    """
    if options.escape_cost is not None:
        return costs_from(options)
    for option in ("overkill_cost", "defect_rate"):
        if getattr(options, option) is not None:
            raise SettingsInvalid(f"--{option.replace('_', '-')}: expected --escape-cost with it, or it weighs nothing")
    return None


def costs_from(options: argparse.Namespace) -> Costs:
    """The three options as a value.

    Raises:
        SettingsInvalid: a cost of nothing, or a share that is none.
    """
    given = {"overkill": options.overkill_cost, "defect_rate": options.defect_rate}
    told = {name: value for name, value in given.items() if value is not None}
    try:
        return Costs(escape=options.escape_cost, **{"overkill": OVERKILL_COST, "defect_rate": DEFECT_RATE, **told})
    except ValidationError as error:
        first = error.errors()[0]
        option = {"escape": "--escape-cost", "overkill": "--overkill-cost"}.get(str(first["loc"][0]), "--defect-rate")
        raise SettingsInvalid(f"{option}: {first['msg']}, got {first['input']}") from error
