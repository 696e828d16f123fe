"""The feed: results as they come, as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from edge.contract.result import Verdict
from inspection.api.access import Operator, PlantDep, person_asking
from inspection.api.schemas import Searched
from inspection.api.views import result_views
from inspection.feed.stream import FeedResponse, event_text
from inspection.ingest.find import ResultFilter, last_number, results_after
from inspection.plant import Plant

__all__ = ["router"]

router = APIRouter(tags=["feed"])

_PAGE = 50


@router.get("/feed", response_class=StreamingResponse)
def get_feed(  # noqa: PLR0913, PLR0917 - one parameter per filter is what makes them appear in the description
    request: Request,
    person: Operator,
    plant: PlantDep,
    station: Searched | None = None,
    recipe: Searched | None = None,
    verdict: Verdict | None = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="0 begins with the first result")] = None,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,18}$")] = None,
) -> FeedResponse:
    """Results that fit, in the order of their arrival, as events whose id is the result's number.

    Begins after `Last-Event-ID` (which a browser's EventSource sends when it comes again) or `after`; without either,
    with the next result. A line that begins with a colon comes every 15 seconds when there is nothing else.
    """
    del person
    wanted = ResultFilter(station, recipe, None if verdict is None else verdict.value, limit=_PAGE)
    with plant.database.read() as session:
        start = last_number(session) if after is None else after
    cursor = _Cursor(request, plant, wanted, start if last_event_id is None else int(last_event_id))
    return FeedResponse(plant.feed, cursor.page)


class _Cursor:
    """Where one listener is."""

    def __init__(self, request: Request, plant: Plant, wanted: ResultFilter, after: int) -> None:
        self._request = request
        self._plant = plant
        self._wanted = wanted
        self._after = after

    def page(self) -> tuple[str, bool]:
        """The next events, and whether there may be more.

        Raises:
            NotSignedIn: the session has ended or the key was revoked meanwhile.
        """
        person_asking(self._request, self._plant)
        with self._plant.database.read() as session:
            last = last_number(session)
            rows = results_after(session, self._wanted, self._after)
            views = result_views(session, rows)
        full = len(rows) == _PAGE
        self._after = rows[-1].number if full else max(last, self._after)
        return "".join(event_text(view.number, view.model_dump_json()) for view in views), full
