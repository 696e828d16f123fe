"""Stations as people see them."""

from fastapi import APIRouter

from edge.contract.errors import NotFound
from edge.contract.link import LivePicture
from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.schemas import NewStation, RetiredStation, Station, StationKey, StationLine, StationRetirement
from inspection.api.views import station_views
from inspection.audit.change import change
from inspection.stations.keys import add_station, list_stations, renew_key, require_station
from inspection.stations.retirement import retire, retired_stations

__all__ = ["router"]

router = APIRouter(tags=["stations"])


@router.post("/stations", status_code=201)
def post_station(body: NewStation, person: Engineer, plant: PlantDep) -> StationKey:
    """Make a station; its key is shown this once."""
    with change(plant.database, person.name, plant.clock()) as doing:
        key = add_station(doing.session, body.name, body.recipe, doing.now, body.line, reuse=body.reuse)
        doing.record("station.created", station=body.name, recipe=body.recipe, line=body.line, reuse=body.reuse)
    return StationKey(name=body.name, recipe=body.recipe, api_key=key)


@router.post("/stations/{name}/key")
def post_station_key(name: str, person: Engineer, plant: PlantDep) -> StationKey:
    """Give a station a new key; the old one stops working at once."""
    with change(plant.database, person.name, plant.clock()) as doing:
        key = renew_key(doing.session, name)
        recipe = require_station(doing.session, name).recipe
        doing.record("station.key_renewed", station=name)
    return StationKey(name=name, recipe=recipe, api_key=key)


@router.put("/stations/{name}/line", status_code=204)
def put_station_line(name: str, body: StationLine, person: Engineer, plant: PlantDep) -> None:
    """Say at which line a station stands."""
    with change(plant.database, person.name, plant.clock()) as doing:
        require_station(doing.session, name).line = body.line
        doing.record("station.line_set", station=name, line=body.line)


@router.post("/stations/{name}/retirement")
def post_retirement(name: str, body: StationRetirement, person: Engineer, plant: PlantDep) -> RetiredStation:
    """Take a station out of service: its key stops working at once, its results stay, its name is not free."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = retire(doing.session, name, doing.now)
        doing.record("station.retired", station=name, reason=body.reason)
        answer = RetiredStation.model_validate(row)
    plant.live.forget(name)
    plant.metrics.forget(name)
    return answer


@router.get("/stations/retired")
def get_retired(person: Operator, plant: PlantDep) -> list[RetiredStation]:
    """Stations that are out of service."""
    del person
    with plant.database.read() as session:
        return [RetiredStation.model_validate(row) for row in retired_stations(session)]


@router.get("/stations")
def get_stations(person: Operator, plant: PlantDep) -> list[Station]:
    """All stations as last heard."""
    del person
    with plant.database.read() as session:
        return station_views(plant, session, list_stations(session))


@router.get("/stations/{name}/live")
def get_live(name: str, person: Operator, plant: PlantDep) -> LivePicture:
    """The last picture of a station."""
    del person
    with plant.database.read() as session:
        require_station(session, name)
    seen = plant.live.last(name)
    if seen is None or seen.picture is None:
        raise NotFound(f"station {name!r}: no picture yet; it comes with the first judged part")
    return seen.picture
