"""The registry: only signed bundles come in, only evidence promotes, the log is only added to."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from edge.contract.manifest import HeldoutScores
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey
from inspection.plant import Plant
from inspection.registry.promotions import champion_of
from inspection.store.tables import BlobRow, GateRow, HourRow, JobRow, ResultImageRow, ResultRow
from tests.support.plants import (
    API,
    Person,
    a_heartbeat,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
    sign_in,
    train,
    wait_for_job,
)
from tests.support.tiny_bundle import write_tiny_bundle


def _key(plant: Plant) -> SigningKey:
    return SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")


def _upload(person: Person, path: Path, recipe: str = "part") -> tuple[int, dict[str, object]]:
    answer = person.send(f"/recipes/{recipe}/bundles", path.read_bytes())
    return answer.status_code, answer.json()


def _promote(person: Person, bundle_id: str, recipe: str = "part") -> tuple[int, dict[str, str]]:
    answer = person.post(f"/recipes/{recipe}/promote", {"bundle_id": bundle_id, "reason": "looks right"})
    return answer.status_code, answer.json()


@pytest.fixture(name="two")
def _two(admin: Person) -> tuple[str, str]:
    """Two champions, one after the other."""
    ids = []
    for start in (0, 20):
        add_samples(admin, "part", range(start, start + 8))
        ids.append(train(admin, "part")["result"]["bundle_id"])
        assert _promote(admin, ids[-1])[0] == 200
    return ids[0], ids[1]


def test_station_is_told_the_champion_and_gets_its_file(client: TestClient, admin: Person) -> None:
    add_samples(admin, "part", range(8))
    bundle_id = train(admin, "part")["result"]["bundle_id"]
    station = add_station(admin)
    _promote(admin, bundle_id)
    beat = a_heartbeat().model_dump(mode="json")
    desired = client.post(f"{API}/stations/me/heartbeat", json=beat, headers=station).json()
    file = client.get(f"{API}/bundles/{bundle_id}/file", headers=station)
    assert desired["bundle_id"] == bundle_id
    from hashlib import sha256  # noqa: PLC0415 - only here

    assert desired["bundle_sha256"] == sha256(file.content).hexdigest()


def test_station_gets_no_bundle_of_another_recipe(client: TestClient, admin: Person) -> None:
    add_samples(admin, "part", range(8))
    bundle_id = train(admin, "part")["result"]["bundle_id"]
    other = add_station(admin, "line-2", "other")
    assert client.get(f"{API}/bundles/{bundle_id}/file", headers=other).status_code == 403
    assert client.get(f"{API}/bundles/{'0' * 64}/file", headers=other).status_code == 404


def test_refused_by_the_gate_is_never_promoted(admin: Person) -> None:
    add_samples(admin, "worse", range(8))
    job = train(admin, "worse")
    assert (job["state"], job["result"]["gate"]["passed"]) == ("succeeded", False)
    status, answer = _promote(admin, job["result"]["bundle_id"], "worse")
    assert status == 409
    assert "recall on scratch fell" in answer["message"]
    assert admin.get("/recipes/worse/models").json()["champion_id"] is None


def test_evidence_against_an_earlier_champion_does_not_count(admin: Person) -> None:
    ids = []
    for start in (0, 20):
        add_samples(admin, "part", range(start, start + 8))
        ids.append(train(admin, "part")["result"]["bundle_id"])
    assert _promote(admin, ids[0])[0] == 200
    status, answer = _promote(admin, ids[1])
    assert status == 409
    assert "run the gate again" in answer["message"]
    job = admin.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": ids[1]}).json()
    assert wait_for_job(admin, job["id"])["state"] == "succeeded"
    assert _promote(admin, ids[1])[0] == 200


def test_champion_is_not_promoted_twice(admin: Person, two: tuple[str, str]) -> None:
    assert _promote(admin, two[1])[0] == 409


def test_rollback_goes_down_the_stack_and_only_adds_to_the_log(admin: Person, two: tuple[str, str]) -> None:
    first, second = two
    models = admin.get("/recipes/part/models").json()
    assert (models["champion_id"], models["rollback_to"]) == (second, first)
    assert admin.post("/recipes/part/rollback", {"reason": "overkill rose"}).json()["bundle_id"] == first
    models = admin.get("/recipes/part/models").json()
    assert [(entry["kind"], entry["bundle_id"]) for entry in models["promotions"]] == [
        ("rollback", first),
        ("promote", second),
        ("promote", first),
    ]
    assert (models["champion_id"], models["rollback_to"]) == (first, None)
    assert admin.post("/recipes/part/rollback", {"reason": "again"}).status_code == 409


def test_promotion_needs_a_reason_and_is_audited(admin: Person, two: tuple[str, str]) -> None:
    answer = admin.post("/recipes/part/promote", {"bundle_id": two[0], "reason": "  "})
    assert answer.status_code == 422
    newest = admin.get("/audit", params={"limit": 1}).json()[0]
    assert newest["action"] == "model.promoted"
    assert two[1] in newest["details"]


def test_uploaded_bundle_waits_for_the_gate(admin: Person, plant: Plant, tmp_path: Path) -> None:
    add_samples(admin, "part", range(8))
    bundle_id = write_tiny_bundle(tmp_path / "a.bundle", _key(plant))
    status, answer = _upload(admin, tmp_path / "a.bundle")
    assert (status, answer["id"], answer["gate"], answer["origin"]) == (201, bundle_id, None, "upload")
    assert _promote(admin, bundle_id)[0] == 409
    job = admin.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": bundle_id}).json()
    wait_for_job(admin, job["id"])
    assert _promote(admin, bundle_id)[0] == 200


def test_uploading_again_changes_nothing(admin: Person, plant: Plant, tmp_path: Path) -> None:
    add_samples(admin, "part", range(1))
    write_tiny_bundle(tmp_path / "a.bundle", _key(plant))
    for _ in range(2):
        assert _upload(admin, tmp_path / "a.bundle")[0] == 201
    assert len(admin.get("/recipes/part/models").json()["models"]) == 1


def test_registered_file_cannot_be_written(admin: Person, plant: Plant, tmp_path: Path) -> None:
    add_samples(admin, "part", range(1))
    bundle_id = write_tiny_bundle(tmp_path / "a.bundle", _key(plant))
    _upload(admin, tmp_path / "a.bundle")
    assert plant.bundles.path(bundle_id).stat().st_mode & 0o222 == 0


def test_bundle_by_an_unknown_key_is_refused(admin: Person, tmp_path: Path) -> None:
    add_samples(admin, "part", range(1))
    write_tiny_bundle(tmp_path / "a.bundle", SigningKey.load_or_create(tmp_path / "foreign.pem"))
    status, answer = _upload(admin, tmp_path / "a.bundle")
    assert (status, answer["error"]) == (422, "BundleUnsigned")


def test_bundle_by_a_trusted_key_is_taken(tmp_path: Path, where: dict[str, Any]) -> None:
    foreign = SigningKey.load_or_create(tmp_path / "foreign.pem")
    write_tiny_bundle(tmp_path / "a.bundle", foreign)
    with running(new_plant(tmp_path, trusted_keys=(foreign.public_text,), **where)) as client:
        admin = sign_in(client)
        add_samples(admin, "part", range(1))
        assert _upload(admin, tmp_path / "a.bundle")[0] == 201


def test_a_version_is_carried_to_another_plant(tmp_path: Path, where: dict[str, Any]) -> None:
    """Trained here, downloaded, carried, and served there by a plant that trusts this one; by no other."""
    with running(new_plant(tmp_path / "here")) as client:
        here = sign_in(client)
        add_samples(here, "part", range(4))
        bundle_id = train(here, "part")["result"]["bundle_id"]
        stick = tmp_path / "stick.bundle"
        stick.write_bytes(here.get(f"/bundles/{bundle_id}/file").content)
        key = here.get("/keys/public").json()["public_key"]
    with running(new_plant(tmp_path / "stranger")) as client:
        stranger = sign_in(client)
        stranger.post("/recipes", {"name": "part"})
        status, answer = _upload(stranger, stick)
        assert (status, answer["error"]) == (422, "BundleUnsigned")
    with running(new_plant(tmp_path / "there", trusted_keys=(key,), **where)) as client:
        there = sign_in(client)
        add_samples(there, "part", range(10, 30))
        assert _upload(there, stick)[0] == 201
        assert _promote(there, bundle_id)[0] == 409  # nobody has judged it by this plant's parts
        gate = there.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": bundle_id}).json()
        job = wait_for_job(there, gate["id"])
        assert job["state"] == "succeeded", job["error"]
        assert _promote(there, bundle_id)[0] == 200
        measured = there.post("/jobs", {"kind": "evaluate", "recipe": "part", "bundle_id": bundle_id}).json()
        assert wait_for_job(there, measured["id"])["state"] == "succeeded"
        lineage = there.get(f"/recipes/part/models/{bundle_id}/lineage").json()
        assert (lineage["job_id"], lineage["origin"]) == (None, "upload")
        station = add_station(there)
        answer = client.get(f"{API}/bundles/{bundle_id}/file", headers=station)
        assert answer.content == stick.read_bytes()


def test_damaged_bundle_is_refused_and_not_kept(admin: Person, plant: Plant, tmp_path: Path) -> None:
    add_samples(admin, "part", range(1))
    bundle_id = write_tiny_bundle(tmp_path / "a.bundle", _key(plant))
    whole = (tmp_path / "a.bundle").read_bytes()
    (tmp_path / "cut.bundle").write_bytes(whole[:-50])
    (tmp_path / "none.bundle").write_bytes(b"")
    for name in ("cut.bundle", "none.bundle"):
        status, answer = _upload(admin, tmp_path / name)
        assert (status, answer["error"]) == (422, "BundleCorrupt")
    assert not plant.bundles.path(bundle_id).exists()


def test_bundle_of_another_recipe_is_a_conflict(admin: Person, plant: Plant, tmp_path: Path) -> None:
    add_samples(admin, "part", range(1))
    write_tiny_bundle(tmp_path / "a.bundle", _key(plant), recipe="other")
    status, answer = _upload(admin, tmp_path / "a.bundle")
    assert (status, answer["error"]) == (409, "BundleMismatch")


def test_champion_survives_a_restart(admin: Person, plant: Plant, two: tuple[str, str]) -> None:
    del admin
    with plant.database.read() as session:
        assert champion_of(session, "part") == two[1]


def test_stations_learn_which_key_to_trust(admin: Person, plant: Plant) -> None:
    answer = admin.get("/keys/public").json()
    assert answer == {"algorithm": "ed25519", "public_key": _key(plant).public_text}


def test_another_threshold_is_a_version_of_its_own_and_passes_the_gate_first(admin: Person) -> None:
    add_samples(admin, "part", range(6))
    made = train(admin, "part")["result"]["bundle_id"]
    body = {"kind": "threshold", "recipe": "part", "bundle_id": made, "at": 2.5, "undecided_from": 2.0}
    job = wait_for_job(admin, admin.post("/jobs", body).json()["id"], "succeeded")
    assert job["result"]["then"]["threshold"] == 2.5
    versions = {row["id"]: row for row in admin.get("/recipes/part/models").json()["models"]}
    new = versions[job["result"]["bundle_id"]]
    assert (new["threshold"], new["origin"], new["gate"]["passed"]) == (2.5, "threshold", True)
    assert set(versions) == {made, new["id"]}
    same = admin.post("/jobs", {**body, "bundle_id": new["id"]})
    assert (same.status_code, "nothing would change" in same.json()["message"]) == (409, True)


@pytest.mark.parametrize(("change", "status"), [({"undecided_from": 3.0}, 422), ({"recipe": "other"}, 409)])
def test_a_threshold_that_makes_no_sense_is_refused(admin: Person, change: dict[str, object], status: int) -> None:
    admin.post("/recipes", {"name": "other"})
    add_samples(admin, "part", range(6))
    made = train(admin, "part")["result"]["bundle_id"]
    body = {"kind": "threshold", "recipe": "part", "bundle_id": made, "at": 2.5, **change}
    assert admin.post("/jobs", body).status_code == status


def test_heldout_scores_tell_what_a_threshold_would_do(admin: Person, plant: Plant, tmp_path: Path) -> None:
    admin.post("/recipes", {"name": "part"})
    scores = HeldoutScores(goods=(0.1, 0.5, 0.9), defects=(1.5,))
    path = tmp_path / "scored.bundle"
    write_tiny_bundle(path, _key(plant), heldout_scores=scores)
    bundle_id = _upload(admin, path)[1]["id"]
    told = admin.get(f"/recipes/part/models/{bundle_id}/heldout").json()
    assert (told["goods"], told["defects"], told["threshold"]) == ([0.1, 0.5, 0.9], [1.5], 1.0)
    assert told["overkill_at_most"] == pytest.approx([1 - 0.05 ** (1 / 3), 0.8647, 0.9830, 1.0], abs=1e-3)
    bare = tmp_path / "bare.bundle"
    write_tiny_bundle(bare, _key(plant))
    bare_id = _upload(admin, bare)[1]["id"]
    assert admin.get(f"/recipes/part/models/{bare_id}/heldout").status_code == 404


def test_a_training_says_which_data_it_learnt_from(admin: Person) -> None:
    add_samples(admin, "part", range(6))
    first = train(admin, "part")["result"]["data_version"]
    add_samples(admin, "part", range(6, 8), range(40, 41))
    second = train(admin, "part")["result"]["data_version"]
    listed = admin.get("/recipes/part/data-versions").json()
    assert [row["id"] for row in listed] == [second, first]
    assert sum(listed[1]["counts"].values()) == 6
    content = admin.get(f"/recipes/part/data-versions/{second}").json()
    assert len(content["samples"]) == 9
    assert {sample["split"] for sample in content["samples"]} <= {"train", "holdout"}
    told = admin.get("/recipes/part/data-versions/comparison", params={"before": first, "after": second}).json()
    assert (len(told["added"]), told["removed"], told["relabelled"], told["moved"]) == (3, [], [], [])
    assert admin.get(f"/recipes/part/data-versions/{'0' * 64}").status_code == 404


def test_a_training_leaves_out_what_was_taken_beside_a_held_out_part_and_says_how_much(
    client: TestClient, admin: Person
) -> None:
    """All parts of one moment at one station: only the uploads of the training part are left to learn from."""
    station = add_station(admin)
    add_samples(admin, "part", range(6))
    uploaded = admin.get("/recipes/part/samples").json()["goods"]
    for seed in range(60, 72):
        picture = png(seed)
        result = a_result(Verdict.PASS, (image_ref(picture),), part_id=f"P-{seed}")
        send_results(client, station, result)
        send_image(client, station, picture)
        admin.post("/labels", {"result_id": result.id, "label": "good"})
    labelled = admin.get("/recipes/part/samples").json()["goods"]
    assert labelled["holdout"] > uploaded["holdout"]
    beside = labelled["train"] - uploaded["train"]
    told = train(admin, "part")["result"]
    assert told["neighbours_left_out"] == beside > 0
    content = admin.get(f"/recipes/part/data-versions/{told['data_version']}").json()["samples"]
    assert sum(sample["split"] == "train" for sample in content) == uploaded["train"]
    assert sum(sample["split"] == "holdout" for sample in content) == labelled["holdout"]
    evaluation = admin.post("/jobs", {"kind": "evaluate", "recipe": "part", "bundle_id": told["bundle_id"]}).json()
    measured = wait_for_job(admin, evaluation["id"])["result"]
    assert measured["data_version"] == told["data_version"]  # the same data is the same version


def test_a_version_is_tried_on_a_picture_and_nothing_of_it_is_kept(plant: Plant, admin: Person, tmp_path: Path) -> None:
    admin.post("/recipes", {"name": "part"})
    path = tmp_path / "made.bundle"
    bundle_id = write_tiny_bundle(path, _key(plant), "part", threshold=0.5)
    assert _upload(admin, path)[0] == 201
    stored = admin.send("/recipes/part/samples", png(2, 64), label="good").json()["sha256"]
    before = _rows(plant)
    where = f"/recipes/part/models/{bundle_id}/trial"
    tried = admin.send(where, png(1, 64)).json()
    assert (tried["verdict"], tried["threshold"], tried["reason"]) == (
        "FAIL" if tried["score"] > 0.5 else "PASS",
        0.5,
        None,
    )
    assert b64decode(tried["picture_png_base64"]).startswith(b"\x89PNG")
    assert admin.post(f"{where}?sha256={stored}").json()["score"] is not None
    assert admin.send(where, b"no picture").status_code == 422
    assert admin.post(f"{where}?sha256={'0' * 64}").status_code == 404
    assert admin.send(f"/recipes/part/models/{'0' * 64}/trial", png(1)).status_code == 404
    assert _rows(plant) == before


def _rows(plant: Plant) -> dict[str, int]:
    with plant.database.read() as session:
        kinds = (ResultRow, ResultImageRow, HourRow, JobRow, GateRow, BlobRow)
        return {kind.__tablename__: session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds}
