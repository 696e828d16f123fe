"""The typed client: what it makes of answers, by a transport instead of a network."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from edge.contract.errors import PlantBusy, PlantError, PlantRefused, PlantUnreachable, SettingsInvalid
from edge.contract.result import Verdict
from inspection.api.rollout_schemas import NewRollout
from inspection.api.schemas import NewRecipe, UserChange
from inspection.client import PlantClient

Answer = Callable[[httpx.Request], httpx.Response]


def _client(answer: Answer, key: str | None = "ik_key") -> PlantClient:
    return PlantClient("http://plant.test/", key, transport=httpx.MockTransport(answer))


def _job(state: str) -> dict[str, object]:
    order = {"interruptions": 0, "priority": 0}
    times = {"created_at": "2026-03-02T08:00:00Z", "started_at": None, "finished_at": None}
    told = {"progress": 0.5, "step": "", "error": None, "result": None, "cancel_requested": False, "user": "admin"}
    return {
        "id": "1",
        "kind": "train",
        "recipe": "part",
        "parameters": {},
        "state": state,
        "log": [],
        **told,
        **order,
        **times,
    }


def test_the_key_goes_with_every_call() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer ik_key"
        assert str(request.url) == "http://plant.test/api/v1/recipes"
        return httpx.Response(200, json=[])

    with _client(answer) as plant:
        assert plant.get_recipes() == []


def test_the_plants_own_words_are_passed_on() -> None:
    body = {"error": "NotAllowed", "message": "key:mes is operator; this needs the role engineer or above"}
    with _client(lambda _: httpx.Response(403, json=body)) as plant, pytest.raises(PlantRefused, match="key:mes") as no:
        plant.post_recipe(NewRecipe(name="part"))
    assert str(no.value).startswith("plant POST /api/v1/recipes: 403 key:mes")


@pytest.mark.parametrize(("status", "kind"), [(404, PlantRefused), (502, PlantUnreachable)])
def test_an_answer_of_something_else_is_told(status: int, kind: type[PlantError]) -> None:
    with (
        _client(lambda _: httpx.Response(status, text="<html>proxy")) as plant,
        pytest.raises(kind, match="<html>"),
    ):
        plant.get_recipes()


def test_a_query_is_spelled_as_the_plant_reads_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert dict(request.url.params) == {"limit": "500", "verdict": "FAIL", "since": "2026-03-02T08:00:00+00:00"}
        return httpx.Response(200, json={"results": [], "next_before": None})

    with _client(answer) as plant:
        assert list(plant.results(verdict=Verdict.FAIL, since=datetime(2026, 3, 2, 8, tzinfo=UTC))) == []


def test_an_answer_that_is_not_understood_is_a_refusal() -> None:
    with (
        _client(lambda _: httpx.Response(200, json=[{"part": 1}])) as plant,
        pytest.raises(PlantRefused, match=r"/api/v1/recipes: expected a list\[.*Recipe\], got"),
    ):
        plant.get_recipes()


def test_a_message_is_told_whole() -> None:
    """Defaults of two versions may differ: what is meant goes along."""
    body = {"bundle_id": "1" * 64, "stages": [{"line": "a"}], "reason": "try it"}

    def answer(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {**body, "wait_min": None}
        return httpx.Response(409, json={"message": "enough"})

    with _client(answer) as plant, pytest.raises(PlantRefused, match="enough"):
        plant.post_rollout("part", NewRollout.model_validate(body))


def test_what_nobody_has_set_is_not_sent() -> None:
    """A change of a user leaves alone what it does not name."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.raw_path) == ("PATCH", b"/api/v1/users/a%2Fb")
        assert json.loads(request.content) == {"disabled": True}
        user = {"name": "a/b", "role": "operator", "disabled": True, "created_at": "2026-03-02T08:00:00Z"}
        return httpx.Response(200, json=user)

    with _client(answer) as plant:
        assert plant.patch_user("a/b", UserChange(disabled=True)).disabled


@pytest.mark.parametrize(("headers", "wait_s"), [({"Retry-After": "7"}, 7.0), ({}, 0.0)])
def test_a_busy_plant_says_how_long(headers: dict[str, str], wait_s: float) -> None:
    with _client(lambda _: httpx.Response(503, json={"message": "full"}, headers=headers)) as plant:
        with pytest.raises(PlantBusy, match="full") as busy:
            list(plant.feed())
        assert busy.value.retry_after_s == wait_s


@pytest.mark.parametrize("call", [lambda plant: plant.get_recipes(), lambda plant: list(plant.results_csv())])
def test_nobody_there_is_no_refusal(call: Callable[[PlantClient], object]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with _client(answer) as plant:
        assert not plant.is_ready()
        with pytest.raises(PlantUnreachable, match="ConnectError: refused"):
            call(plant)


def test_filters_that_there_are_not_are_refused_and_not_left_out() -> None:
    """The plant leaves out what it does not know, and would give all results."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, text="")

    with _client(answer) as plant:
        with pytest.raises(TypeError, match="unexpected filters: verdit"):
            list(plant.results_csv(verdit="FAIL"))
        with pytest.raises(TypeError, match="line"):
            plant.feed(line="north")  # type: ignore[call-arg]
        assert list(plant.feed(verdict=Verdict.FAIL, after=3)) == []
        assert list(plant.results_csv(verdict="FAIL", line=None)) == []
    assert [dict(url.params) for url in asked] == [
        {"verdict": "FAIL", "after": "3"},
        {"verdict": "FAIL", "spreadsheet": "false"},
    ]


def test_certificates_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", "utf-8")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(SettingsInvalid, match=name):
            PlantClient("https://plant.test", ca_file=tmp_path / name)


def test_a_job_is_followed_to_its_end() -> None:
    states = iter(["queued", "running", "failed"])
    with _client(lambda _: httpx.Response(200, json=_job(next(states)))) as plant:
        assert [job.state.value for job in plant.follow("1", poll_s=0)] == ["queued", "running", "failed"]
