"""Trainings take the newest version of the recipe, and results lead back to it."""

from typing import Any

from fastapi.testclient import TestClient

from edge.contract.result import Verdict
from tests.support.plants import ManualClock, Person, a_result, add_samples, png, send_results, train, wait_for_job

ROI = {"x_px": 4, "y_px": 4, "width_px": 24, "height_px": 24}


def _add(person: Person, settings: dict[str, Any]) -> Any:
    return person.post("/recipes/part/versions", {"settings": settings, "reason": "the drawing changed"})


def test_a_training_takes_the_newest_version_and_a_result_leads_back(
    client: TestClient, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    add_samples(admin, "part", range(8), range(100, 104))
    golden = admin.send("/recipes/part/images", png(7)).json()["sha256"]
    asked = {"tier": "balanced", "roi": ROI, "golden_sha256": golden, "invariant": ["flip"], "escape_cost": 20}
    _add(admin, {**asked, "use_defects": False})
    job = train(admin, "part")
    assert job["parameters"] == {"use_defects": False, "recipe_version": 1}
    assert job["result"]["given"] == {
        "tier": "balanced",
        "roi": "4,4,24,24",
        "align": "golden.png",
        "invariant": "flip",
        "max-overkill": "0.05",
        "escape-cost": "20.0",
        "overkill-cost": "1.0",
        "defect-rate": "0.01",
    }
    bundle_id = job["result"]["bundle_id"]
    clock.advance(60)
    admin.post("/recipes/part/promote", {"bundle_id": bundle_id, "reason": "first"})
    clock.advance(60)
    result = a_result(Verdict.PASS, bundle_id=bundle_id, captured_at=clock())
    unknown = a_result(Verdict.PASS, bundle_id="c" * 64)
    send_results(client, station, result, unknown)
    _add(admin, {**asked, "use_defects": False, "escape_cost": 99})  # later versions change nothing of it

    origin = admin.get(f"/results/{result.id}/origin").json()
    assert (origin["bundle"]["id"], origin["bundle"]["origin"]) == (bundle_id, "job")
    assert (origin["training"]["id"], origin["training"]["user"]) == (job["id"], "admin")
    assert (origin["recipe_version"]["version"], origin["recipe_version"]["settings"]["escape_cost"]) == (1, 20.0)
    assert (origin["gate"]["passed"], origin["promotion"]["reason"]) == (True, "first")
    nowhere = admin.get(f"/results/{unknown.id}/origin").json()
    assert (nowhere["bundle_id"], nowhere["bundle"], nowhere["promotion"]) == ("c" * 64, None, None)
    assert admin.get(f"/results/{'0' * 32}/origin").status_code == 404

    followed = train(admin, "part")["result"]["given"]  # only a cost changed: what the network sees stays
    assert (followed["like"], followed["escape-cost"], "roi" in followed) == (bundle_id, "99.0", False)
    _add(admin, {"tier": "fast"})
    anew = train(admin, "part")["result"]["given"]
    assert anew == {"tier": "fast", "max-overkill": "0.05"}


def test_another_threshold_leads_back_to_the_training_behind_it_and_is_followed(
    client: TestClient, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    """What an acceptance makes of a champion as well: it sees what the training was told that it sees."""
    add_samples(admin, "part", range(8), range(100, 104))
    _add(admin, {"tier": "fast", "roi": ROI})
    trained = train(admin, "part")
    made_of = trained["result"]["bundle_id"]
    for at in (2.5, 2.0):
        body = {"kind": "threshold", "recipe": "part", "bundle_id": made_of, "at": at}
        made_of = wait_for_job(admin, admin.post("/jobs", body).json()["id"], "succeeded")["result"]["bundle_id"]
    admin.post("/recipes/part/promote", {"bundle_id": made_of, "reason": "fewer scrap"})
    result = a_result(Verdict.PASS, bundle_id=made_of, captured_at=clock())
    send_results(client, station, result)

    origin = admin.get(f"/results/{result.id}/origin").json()
    assert (origin["bundle"]["id"], origin["bundle"]["origin"]) == (made_of, "threshold")
    assert (origin["training"]["id"], origin["recipe_version"]["version"]) == (trained["id"], 1)
    given = train(admin, "part")["result"]["given"]
    assert (given["like"], "roi" in given) == (made_of, False)


def test_a_request_still_decides_about_defects(admin: Person) -> None:
    add_samples(admin, "part", range(8), range(100, 104))
    job = admin.post("/jobs", {"kind": "train", "recipe": "part", "use_defects": False}).json()
    assert job["parameters"] == {"use_defects": False, "recipe_version": None}
