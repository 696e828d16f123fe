"""The filters of results, as parameters of a request."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from edge.contract.result import Verdict
from inspection.api.schemas import Searched
from inspection.ingest.find import ResultFilter
from inspection.review.states import PartState
from inspection.samples.statements import Label

__all__ = ["ResultFilterDep"]


def _wanted(  # noqa: PLR0913, PLR0917 - one parameter per filter is what makes them appear in the API's description
    station: Searched | None = None,
    recipe: Searched | None = None,
    verdict: Verdict | None = None,
    part_id: Searched | None = None,
    line: Annotated[Searched | None, Query(description="at which the station stands")] = None,
    defect_class: Annotated[Searched | None, Query(description="that the model named")] = None,
    score_from: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    score_to: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    since: Annotated[AwareDatetime | None, Query(description="taken at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(description="taken before")] = None,
    label: Annotated[Label | None, Query(description="that somebody said last")] = None,
    review: Annotated[PartState | None, Query(description="waiting, or judged by one, by more, or unclear")] = None,
) -> ResultFilter:
    said = None if verdict is None else verdict.value
    called = None if label is None else label.value
    state = None if review is None else review.value
    return ResultFilter(
        station, recipe, said, part_id, line, defect_class, score_from, score_to, since, until, called, state
    )


ResultFilterDep = Annotated[ResultFilter, Depends(_wanted)]
