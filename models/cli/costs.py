"""Costs of wrong verdicts as options of a command."""

import argparse

from pydantic import ValidationError

from edge.contract.errors import SettingsInvalid
from edge.contract.manifest import Costs

__all__ = ["costs_from"]


def costs_from(options: argparse.Namespace) -> Costs:
    """The three options as a value.

    Raises:
        SettingsInvalid: a cost of nothing, or a share that is none.
    """
    try:
        return Costs(escape=options.escape_cost, overkill=options.overkill_cost, defect_rate=options.defect_rate)
    except ValidationError as error:
        first = error.errors()[0]
        option = {"escape": "--escape-cost", "overkill": "--overkill-cost"}.get(str(first["loc"][0]), "--defect-rate")
        raise SettingsInvalid(f"{option}: {first['msg']}, got {first['input']}") from error
