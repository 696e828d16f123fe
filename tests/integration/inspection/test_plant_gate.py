"""The gate at the plant: replayed parts, flips for a person to judge, and forcing past a refusal."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from edge.contract.signature import SigningKey
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.samples.splits import Split, split_of
from inspection.store.tables import BlobRow
from tests.support.compared import compared
from tests.support.plants import (
    ManualClock,
    Person,
    add_samples,
    person_with,
    png,
    train,
    wait_for_job,
)
from tests.support.tiny_bundle import write_tiny_bundle


def _promote(person: Person, recipe: str, bundle_id: str, **more: object) -> tuple[int, dict[str, str]]:
    body = {"bundle_id": bundle_id, "reason": "looks right", **more}
    answer = person.post(f"/recipes/{recipe}/promote", body)
    return answer.status_code, answer.json()


@pytest.fixture(name="challenger")
def _challenger(client: TestClient, admin: Person) -> tuple[str, list[str]]:
    """A challenger, compared with a champion on three parts of the line; their results' ids, oldest first."""
    made = compared(client, admin)
    return made.challenger, made.parts


def test_flips_of_replayed_parts_are_kept_for_a_person(admin: Person, challenger: tuple[str, list[str]]) -> None:
    bundle_id, ids = challenger
    report = admin.get(f"/recipes/part/models/{bundle_id}/gate").json()
    assert report["verdict"].startswith("fake verdict")
    replayed = {flip["result_id"]: flip for flip in report["flips"]}
    assert report["flips_total"] == len(replayed)
    assert set(ids[1:]) <= set(replayed) <= set(ids)  # the labelled one may be in the hold-out
    flip = replayed[ids[1]]
    assert (flip["champion_verdict"], flip["champion_score"]) == ("PASS", 0.8)
    assert (flip["challenger_verdict"], flip["challenger_score"]) == ("FAIL", 1.9)
    assert (flip["label"], flip["learnt"], flip["labels"]) == (None, False, [])
    assert admin.get(f"/images/{flip['sha256']}?size=thumb").status_code == 200


def test_a_flip_that_a_person_judges_shows_the_label(admin: Person, challenger: tuple[str, list[str]]) -> None:
    bundle_id, ids = challenger
    admin.post("/labels", {"result_id": ids[2], "label": "defect", "defect_type": "dent"})
    flips = admin.get(f"/recipes/part/models/{bundle_id}/gate").json()["flips"]
    assert next(flip for flip in flips if flip["result_id"] == ids[2])["labels"][0]["defect_type"] == "dent"


def test_flips_come_in_pages(admin: Person, challenger: tuple[str, list[str]]) -> None:
    path = f"/recipes/part/models/{challenger[0]}/gate"
    whole = admin.get(path).json()["flips"]
    pages = [admin.get(path, params={"limit": 1, "offset": at}).json()["flips"] for at in range(len(whole))]
    assert [flip for page in pages for flip in page] == whole


def test_the_gate_of_a_bundle_that_is_not_there_is_not_found(admin: Person, challenger: tuple[str, list[str]]) -> None:
    assert admin.get(f"/recipes/part/models/{'0' * 64}/gate").status_code == 404
    assert admin.get(f"/recipes/other/models/{challenger[0]}/gate").status_code == 404


def test_parts_whose_pictures_retention_removed_are_not_replayed(
    admin: Person, plant: Plant, challenger: tuple[str, list[str]]
) -> None:
    """As `may_go` lets go of what passed long ago and nobody has labelled, while later parts are still here."""
    bundle_id, ids = challenger
    removed = sha256(png(301)).hexdigest()
    with plant.database.write() as session:
        session.get_one(BlobRow, removed).removed_at = plant.clock()
    plant.blobs.delete(removed)
    job = admin.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": bundle_id}).json()["id"]
    ended = wait_for_job(admin, job)
    assert (ended["state"], ended["error"]) == ("succeeded", None)
    report = admin.get(f"/recipes/part/models/{bundle_id}/gate").json()
    assert {ids[2]} <= {flip["result_id"] for flip in report["flips"]} <= {ids[0], ids[2]}


def test_nothing_of_a_gate_stays_in_the_jobs_folder(
    admin: Person, plant: Plant, challenger: tuple[str, list[str]]
) -> None:
    job = admin.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": challenger[0]}).json()["id"]
    wait_for_job(admin, job)
    assert [path.name for path in plant.jobs.folder(job).iterdir()] == ["log.txt"]


def test_the_report_of_the_newest_gate_is_a_file_to_keep(admin: Person, challenger: tuple[str, list[str]]) -> None:
    answer = admin.get(f"/recipes/part/models/{challenger[0]}/report")
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>fake report</title>")
    assert answer.headers["content-disposition"] == f'attachment; filename="part-{challenger[0][:10]}.html"'
    assert admin.get(f"/recipes/other/models/{challenger[0]}/report").status_code == 404


def test_an_uploaded_bundle_has_no_report_before_its_gate(admin: Person, plant: Plant, tmp_path: Path) -> None:
    admin.post("/recipes", {"name": "part"})
    write_tiny_bundle(
        tmp_path / "made.bundle", SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    )
    bundle_id = admin.send("/recipes/part/bundles", (tmp_path / "made.bundle").read_bytes()).json()["id"]
    answer = admin.get(f"/recipes/part/models/{bundle_id}/report")
    assert (answer.status_code, "no report here; run the gate" in answer.json()["message"]) == (404, True)


@pytest.fixture(name="refused")
def _refused(admin: Person) -> str:
    add_samples(admin, "worse", range(8))
    return str(train(admin, "worse")["result"]["bundle_id"])


def test_an_engineer_cannot_force(client: TestClient, plant: Plant, admin: Person, refused: str) -> None:
    engineer = person_with(plant, client, Role.ENGINEER)
    status, answer = _promote(engineer, "worse", refused, force=True)
    assert (status, "needs the role admin" in answer["message"]) == (403, True)
    assert admin.get("/recipes/worse/models").json()["champion_id"] is None


def test_forcing_is_marked_in_the_history_and_audited_with_the_refusal(admin: Person, refused: str) -> None:
    assert _promote(admin, "worse", refused)[0] == 409
    assert _promote(admin, "worse", refused, force=True, reason=" ")[0] == 422
    assert _promote(admin, "worse", refused, force=True)[1]["kind"] == "force"
    models = admin.get("/recipes/worse/models").json()
    assert (models["champion_id"], models["promotions"][0]["kind"]) == (refused, "force")
    entry = admin.get("/audit", params={"limit": 1}).json()[0]
    assert entry["action"] == "model.forced"
    assert "recall on scratch fell" in entry["details"]


def test_a_forced_champion_can_be_rolled_back_over(admin: Person, refused: str) -> None:
    _promote(admin, "worse", refused, force=True)
    add_samples(admin, "worse", range(20, 28))
    second = train(admin, "worse")["result"]["bundle_id"]
    _promote(admin, "worse", second, force=True)
    assert admin.post("/recipes/worse/rollback", {"reason": "escapes"}).json()["bundle_id"] == refused


def test_forcing_overrides_a_refusal_and_nothing_else(admin: Person) -> None:
    """What passed is promoted; what the gate has not seen against today's champion goes through it first."""
    add_samples(admin, "part", range(8))
    bundle_id = train(admin, "part")["result"]["bundle_id"]
    status, answer = _promote(admin, "part", bundle_id, force=True)
    assert (status, "nothing to force" in answer["message"]) == (409, True)
    assert _promote(admin, "part", bundle_id)[0] == 200


def test_what_joined_the_holdout_since_the_gate_is_told_until_it_runs_again(
    admin: Person, challenger: tuple[str, list[str]], clock: ManualClock
) -> None:
    """The verdict still counts, so that labelling stops nobody; but it says nothing of them, and is said not to."""
    bundle_id, _ = challenger
    assert _since(admin, bundle_id) == {"goods": 0, "defects": 0}
    clock.advance(60)
    held = [seed for seed in range(500, 600) if split_of(sha256(png(seed)).hexdigest()) is Split.HOLDOUT]
    learnt = [seed for seed in range(500, 520) if seed not in held]
    add_samples(admin, "part", range(held[0], held[0] + 1), range(held[1], held[1] + 1))
    add_samples(admin, "part", range(learnt[0], learnt[0] + 1))
    assert _since(admin, bundle_id) == {"goods": 1, "defects": 1}
    job = admin.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": bundle_id}).json()
    assert wait_for_job(admin, job["id"])["state"] == "succeeded"
    assert _since(admin, bundle_id) == {"goods": 0, "defects": 0}
    clock.advance(60)
    admin.send("/recipes/part/samples", png(held[0]), label="defect", defect_type="dent")  # said to be good before
    assert _since(admin, bundle_id) == {"goods": 0, "defects": 1}
    assert _promote(admin, "part", bundle_id)[0] == 200
    newest = json.loads(admin.get("/audit", params={"limit": 1}).json()[0]["details"])
    assert newest["heldout_since_gate"] == {"goods": 0, "defects": 1}
    assert _since(admin, bundle_id) is None  # it is the champion


def _since(person: Person, bundle_id: str) -> dict[str, int] | None:
    models = person.get("/recipes/part/models").json()["models"]
    told: dict[str, int] | None = next(one for one in models if one["id"] == bundle_id)["heldout_since_gate"]
    return told
