"""A small plant on this machine: one plant service, one station whose camera replays cells."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

import httpx

from edge.contract.errors import InspectionError, PlantUnreachable
from edge.contract.ledger import LedgerCounts
from edge.contract.result import InspectionResult
from inspection.api.schemas import NewStation
from inspection.client import PlantClient
from inspection.demo.cells import Cell
from inspection.demo.process import ChildProcess, free_port

__all__ = ["PlantFloor", "StationPlan"]

RECIPE = "solar-cell-poly"
STATION = "el-tester-1"
_READY_S = 60.0
_POLL_S = 0.25
_FINAL_LEDGER = " stopped: "  # before the JSON in the station's last line of log


@dataclass(frozen=True)
class StationPlan:
    """What comes down the line.

    Attributes:
        limit: end after this many cells; None goes round until stopped.
    """

    cells: list[Cell]
    rate_hz: float
    limit: int | None


class PlantFloor:
    """Starts and stops the processes; use as a context manager."""

    def __init__(self, folder: Path, port: int, password: str, recipe: str = RECIPE, station: str = STATION) -> None:
        self.folder = folder
        self.recipe = recipe
        self.station = station
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._password = password
        self._children: list[ChildProcess] = []
        self._station_url = ""
        self.client = PlantClient(self.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the station first, so that it can hand over what it has; then the plant."""
        self.client.close()
        for child in reversed(self._children):
            child.stop()

    def check(self) -> None:
        """Raise if a process has ended."""
        for child in self._children:
            child.check()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Ask until it holds; raises if a process has ended meanwhile."""
        while not condition():
            self.check()
            sleep(_POLL_S)

    def results(self) -> list[InspectionResult]:
        """All results of the station at the plant, oldest first."""
        found = (stored.result for stored in self.client.results(station=self.station))
        return sorted(found, key=lambda result: result.sequence)

    def start_plant(self) -> None:
        """Start the plant service and sign in as its administrator."""
        (self.folder / "admin-password.txt").write_text(self._password + "\n", "utf-8")
        settings = self.folder / "plant.toml"
        settings.write_text(f'port = {self._port}\ndata_dir = "plant"\nadmin_password_file = "admin-password.txt"\n')
        self._start("plant service", "inspection", ["serve", str(settings)])
        give_up = monotonic() + _READY_S
        self.wait_for(lambda: self._plant_answers(give_up))
        self.client.sign_in("admin", self._password)

    def start_station(self, plan: StationPlan) -> None:
        """Make the station known to the plant, start it and wait until it answers."""
        key = self.client.post_station(NewStation(name=self.station, recipe=self.recipe)).api_key
        (self.folder / "station.key").write_text(key, "ascii")
        (self.folder / "order.txt").write_text("".join(f"{cell.path}\n" for cell in plan.cells), "utf-8")
        port = free_port()
        self._station_url = f"http://127.0.0.1:{port}"
        settings = self.folder / "station.toml"
        settings.write_text(self._station_toml(plan, port), "utf-8")
        self._start("station", "edge", ["run", str(settings)])
        self.wait_for(self._station_answers)

    def ledger(self) -> LedgerCounts:
        """The station's own ledger, now.

        Raises:
            InspectionError: the station does not answer.
        """
        return LedgerCounts.model_validate(self._status()["ledger"])

    def running_bundle(self) -> str | None:
        """Id of the bundle that judges now."""
        found = self._status()["bundle"]["id"]
        return None if found is None else str(found)

    def stop_station(self) -> LedgerCounts:
        """Stop the station alone, which hands what it has to the plant first; returns its own final ledger.

        Raises:
            InspectionError: it ended without telling its ledger.
        """
        station = self._children.pop()
        station.stop()
        for line in reversed(station.log_lines()):
            _, found, ledger = line.partition(_FINAL_LEDGER)
            if found:
                return LedgerCounts.model_validate_json(ledger)
        raise InspectionError("the station ended without its final ledger; its log is in the demo's folder")

    def _start(self, name: str, module: str, arguments: list[str]) -> None:
        self._children.append(ChildProcess(name, module, arguments, self.folder / f"{name.replace(' ', '-')}.log"))

    def _plant_answers(self, give_up: float) -> bool:
        if monotonic() > give_up:
            raise PlantUnreachable(f"{self.url}: no answer within {_READY_S:.0f} s of its start")
        return self.client.is_ready()

    def _station_answers(self) -> bool:
        try:
            return httpx.get(f"{self._station_url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _status(self) -> dict[str, Any]:
        try:
            answer = httpx.get(f"{self._station_url}/v1/status", trust_env=False, timeout=_READY_S)
            found: dict[str, Any] = answer.raise_for_status().json()
        except httpx.HTTPError as error:
            self.check()
            raise InspectionError(f"station {self._station_url}: {error}") from error
        return found

    def _station_toml(self, plan: StationPlan, port: int) -> str:
        key = self.client.get_public_key().public_key
        limit = "" if plan.limit is None else f"limit = {plan.limit}\n"
        folder = json.dumps(str(plan.cells[0].path.parent))  # a JSON string is a TOML string
        return f"""station = "{self.station}"
recipe = "{self.recipe}"
state_dir = "station"
deadline_ms = 1000.0
inbox_size = 8
trusted_keys = ["{key}"]

[camera]
kind = "folder"
name = "el-camera"
folder = {folder}
order_file = "order.txt"
rate_hz = {plan.rate_hz}
loop = {"true" if plan.limit is None else "false"}
{limit}
[images]
keep_pass_fraction = 1.0

[plant]
url = "{self.url}"
api_key_file = "station.key"
drain_s = 30.0

[api]
port = {port}
"""
