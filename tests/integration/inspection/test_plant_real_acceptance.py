"""Accept as good at a plant that trains, accepts and gates with the real commands, on rendered parts."""

from pathlib import Path

import cv2
import pytest
from fastapi.testclient import TestClient

from edge.contract.result import Verdict
from inspection.jobs.commands import ModelCommands
from inspection.plant import open_plant
from tests.support.plants import (
    ManualClock,
    Person,
    a_result,
    add_station,
    give_tables,
    image_ref,
    plant_settings,
    running,
    send_image,
    send_results,
    sign_in,
    train,
    wait_for_job,
)
from tests.support.textures import Image, good_part, hole_of, scratch_of

GOODS, SCRATCHES, HOLES = range(30), range(100, 112), range(600, 616)


def encoded(image: Image) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.mark.timeout(600)
def test_what_is_accepted_becomes_a_gated_challenger(tmp_path: Path) -> None:
    """Holes are good after all; the scratches that somebody labelled are still caught."""
    settings = plant_settings(tmp_path)
    give_tables(settings)
    with running(open_plant(settings, ModelCommands(), ManualClock())) as client:
        admin = sign_in(client)
        key = add_station(admin)
        for seed in GOODS:
            admin.send("/recipes/part/samples", encoded(good_part(seed)), label="good")
        first = train(admin, "part")
        assert first["state"] == "succeeded", first["error"]
        promotion = {"bundle_id": first["result"]["bundle_id"], "reason": "the first"}
        assert admin.post("/recipes/part/promote", promotion).status_code in {200, 201}
        for seed in SCRATCHES:
            admin.send("/recipes/part/samples", encoded(scratch_of(seed)[0]), label="defect", defect_type="scratch")
        ids = []
        for seed in HOLES:
            picture = encoded(hole_of(seed)[0])
            result = a_result(images=(image_ref(picture),), bundle_id=promotion["bundle_id"])
            send_results(client, key, result)
            send_image(client, key, picture)
            ids.append(result.id)
        ids.append(_torn(client, admin, key))
        answer = admin.post("/recipes/part/acceptances", {"result_ids": ids, "reason": "harmless holes"})
        assert answer.status_code == 201, answer.text
        job = wait_for_job(admin, answer.json()["job_id"])
        assert job["state"] == "succeeded", job["error"]
        told = job["result"]
        assert told["passing"] > 0
        (row,) = admin.get("/recipes/part/acceptances").json()
        counted = told["accepted_parts"][row["id"]]
        assert counted["parts"] - counted["passing"] == len(told["still_failing"]) + len(told["not_judged"])
        assert counted["parts"] <= len(ids)
        known = admin.get("/recipes/part/samples").json()["defects"]["train"]["scratch"]
        assert told["defects"] == known - 1  # the torn one cannot be judged
        assert told["gate"]["champion"] is not None
        made = {model["id"]: model["origin"] for model in admin.get("/recipes/part/models").json()["models"]}
        assert made[told["bundle_id"]] == "accept"
        _measured(admin, told["bundle_id"], promotion["bundle_id"])
        again = train(admin, "part")
        assert again["state"] == "succeeded", again["error"]
        named = [*again["result"]["unreadable"], *again["result"]["gate"]["challenger"]["unreadable"]]
        assert len(named) == 2  # as a station keeps them, one labelled defective and one accepted


def _torn(client: TestClient, admin: Person, key: dict[str, str]) -> str:
    """A picture that was cut off, labelled a defect, and the id of another one's result."""
    ids = []
    for seed in (800, 801):
        picture = encoded(good_part(seed))[:-500]
        result = a_result(Verdict.UNDECIDED, images=(image_ref(picture),))
        send_results(client, key, result)
        send_image(client, key, picture)
        ids.append(result.id)
    label = {"result_id": ids[0], "label": "defect", "defect_type": "scratch"}
    assert admin.post("/labels", label).status_code == 201
    return ids[1]


def _measured(admin: Person, bundle_id: str, champion: str) -> None:
    """Evaluation and replay as jobs of their own: the holes that were accepted are what the two judge differently."""
    results = []
    for kind in ("evaluate", "replay"):
        asked = admin.post("/jobs", {"kind": kind, "recipe": "part", "bundle_id": bundle_id})
        job = wait_for_job(admin, asked.json()["id"])
        assert job["state"] == "succeeded", job["error"]
        results.append(job["result"])
    evaluated, replayed = results
    held = admin.get("/recipes/part/samples").json()
    assert evaluated["evaluation"]["goods"] == held["goods"]["holdout"]
    assert "<html" in admin.get(f"/recipes/part/models/{bundle_id}/report").text
    assert replayed["against"] == champion
    assert replayed["replayed"]["parts"] > 0
    assert replayed["flips"] == len(replayed["flipped"]) > 0
    assert {flip["challenger_verdict"] for flip in replayed["flipped"]} == {"PASS"}
