"""The ledger's counts: no trigger is ever unaccounted for."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from edge.contract.values import Value

__all__ = ["LedgerCounts"]

Count = Annotated[int, Field(ge=0, le=2**53)]


class LedgerCounts(Value):
    """triggers = verdicts + timeouts + drops + in_flight, at every moment.

    `passed + failed + undecided` also adds up to `verdicts + timeouts + drops`: a timeout and a drop are told to the
    line as UNDECIDED.
    """

    triggers: Count = 0
    verdicts: Count = 0
    timeouts: Count = 0
    drops: Count = 0
    in_flight: Count = 0
    passed: Count = 0
    failed: Count = 0
    undecided: Count = 0
    drop_reasons: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _balanced(self) -> Self:
        settled = self.verdicts + self.timeouts + self.drops
        if self.triggers != settled + self.in_flight:
            msg = f"ledger: {self.triggers} triggers, but {settled} settled + {self.in_flight} in flight"
            raise ValueError(msg)
        if settled != self.passed + self.failed + self.undecided:
            msg = f"ledger: {settled} settled, but {self.passed + self.failed + self.undecided} told to the line"
            raise ValueError(msg)
        return self
