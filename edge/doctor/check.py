"""One thing that was looked at."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from edge.contract.errors import InspectionError
from edge.contract.values import Value

__all__ = ["Check", "Trouble", "run_check"]


class Trouble(Exception):
    """Something is wrong; carries what to do about it."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(found)
        self.advice = advice


class Check(Value):
    """What was found."""

    name: str
    ok: bool
    found: Annotated[str, Field(description="what is there, or what is wrong")]
    advice: Annotated[str | None, Field(description="what to do; None where all is well")] = None


def run_check(name: str, look: Callable[[], str], advice: str) -> Check:
    """Look at one thing; what it raises becomes a finding.

    Args:
        name: of the thing.
        look: returns what is there.
        advice: what to do about an error that brings none of its own.
    """
    try:
        return Check(name=name, ok=True, found=look())
    except Trouble as trouble:
        return Check(name=name, ok=False, found=str(trouble), advice=trouble.advice)
    except (InspectionError, OSError) as error:
        return Check(name=name, ok=False, found=str(error), advice=advice)
