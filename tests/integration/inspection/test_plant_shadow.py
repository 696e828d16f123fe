"""A challenger beside the champion, as the plant orders it and counts what it says."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from edge.contract.result import ShadowVerdict, Verdict
from edge.contract.signature import SigningKey
from inspection.people.roles import Role
from inspection.plant import Plant
from tests.support.plants import (
    API,
    Person,
    a_heartbeat,
    a_result,
    add_samples,
    person_with,
    send_results,
    train,
    wait_for_job,
)
from tests.support.tiny_bundle import write_tiny_bundle


@pytest.fixture(name="two")
def _two(plant: Plant, admin: Person, station: dict[str, str], tmp_path: Path) -> tuple[str, str]:
    """Champion and another bundle."""
    assert station
    add_samples(admin, "part", range(6))
    champion = train(admin, "part")["result"]["bundle_id"]
    admin.post("/recipes/part/promote", {"bundle_id": champion, "reason": "the first"}).raise_for_status()
    key = SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    write_tiny_bundle(tmp_path / "other.bundle", key, threshold=0.5)
    other = admin.send("/recipes/part/bundles", (tmp_path / "other.bundle").read_bytes()).json()["id"]
    return champion, other


def beat(client: TestClient, station: dict[str, str]) -> dict[str, str]:
    body = a_heartbeat().model_dump(mode="json")
    desired: dict[str, str] = client.post(f"{API}/stations/me/heartbeat", json=body, headers=station).json()
    return desired


def order(person: Person, bundle_id: str | None) -> int:
    status: int = person.post("/recipes/part/shadow", {"bundle_id": bundle_id, "reason": "does it agree?"}).status_code
    return status


def gated_and_promoted(person: Person, bundle_id: str) -> None:
    job = person.post("/jobs", {"kind": "gate", "recipe": "part", "bundle_id": bundle_id}).json()
    assert wait_for_job(person, job["id"])["state"] == "succeeded"
    person.post("/recipes/part/promote", {"bundle_id": bundle_id, "reason": "it agrees"}).raise_for_status()


def test_stations_are_told_of_it_until_it_ends(
    client: TestClient, admin: Person, station: dict[str, str], two: tuple[str, str]
) -> None:
    champion, other = two
    assert "shadow_bundle_id" not in beat(client, station)
    assert order(admin, other) == 201
    desired = beat(client, station)
    assert (desired["bundle_id"], desired["shadow_bundle_id"]) == (champion, other)
    assert len(desired["shadow_bundle_sha256"]) == 64
    assert order(admin, None) == 201
    assert "shadow_bundle_id" not in beat(client, station)


def test_agreement_and_flips_are_counted_once_however_often_a_result_is_sent(
    client: TestClient, admin: Person, station: dict[str, str], two: tuple[str, str]
) -> None:
    champion, other = two
    order(admin, other)
    said = [(Verdict.PASS, Verdict.PASS)] * 6 + [(Verdict.FAIL, Verdict.FAIL)] + [(Verdict.PASS, Verdict.FAIL)]
    results = [
        a_result(own, part_id=f"P-{number}", bundle_id=champion, shadow=ShadowVerdict(bundle_id=other, verdict=beside))
        for number, (own, beside) in enumerate(said)
    ]
    for _ in range(2):
        send_results(client, station, *results, a_result(part_id="not asked"))
    report = admin.get("/recipes/part/shadow").json()
    assert (report["bundle_id"], report["running"], report["parts"]) == (other, True, 8)
    assert report["pairs"] == {"PASS": {"PASS": 6, "FAIL": 1}, "FAIL": {"FAIL": 1}}
    assert report["agreement"]["value"] == pytest.approx(7 / 8)
    assert [flip["result"]["part_id"] for flip in report["flips"]] == ["P-7"]
    assert report["flips"][0]["result"]["shadow"]["verdict"] == "FAIL"


def test_what_cannot_be_compared_is_refused(
    client: TestClient, plant: Plant, admin: Person, two: tuple[str, str]
) -> None:
    champion, other = two
    assert order(admin, champion) == 409
    assert order(admin, "e" * 64) == 404
    assert order(admin, None) == 409
    assert order(person_with(plant, client, Role.INSPECTOR), other) == 403
    assert order(admin, other) == 201
    assert order(admin, other) == 409


def test_a_challenger_that_became_the_champion_judges_beside_no_more(
    client: TestClient, admin: Person, station: dict[str, str], two: tuple[str, str]
) -> None:
    _, other = two
    order(admin, other)
    gated_and_promoted(admin, other)
    assert "shadow_bundle_id" not in beat(client, station)
    assert admin.get("/recipes/part/shadow").json()["running"] is False


@pytest.mark.parametrize("goes_back_by", ["rollback", "promote"])
def test_a_promotion_ends_the_trial_for_good(
    client: TestClient, admin: Person, station: dict[str, str], two: tuple[str, str], goes_back_by: str
) -> None:
    """Whatever takes its place later, it judges beside nobody unless somebody asks again."""
    first, other = two
    order(admin, other)
    gated_and_promoted(admin, other)
    assert order(admin, None) == 409  # it has ended already
    if goes_back_by == "rollback":
        admin.post("/recipes/part/rollback", {"reason": "escapes"}).raise_for_status()
    else:
        gated_and_promoted(admin, first)
    assert "shadow_bundle_id" not in beat(client, station)
    report = admin.get("/recipes/part/shadow").json()
    assert (report["bundle_id"], report["running"]) == (None, False)
    assert order(admin, other) == 201
    assert beat(client, station)["shadow_bundle_id"] == other


def test_going_back_to_what_judges_beside_ends_the_trial_too(
    client: TestClient, admin: Person, station: dict[str, str], two: tuple[str, str]
) -> None:
    first, other = two
    gated_and_promoted(admin, other)
    assert order(admin, first) == 201
    admin.post("/recipes/part/rollback", {"reason": "escapes"}).raise_for_status()
    gated_and_promoted(admin, other)
    assert "shadow_bundle_id" not in beat(client, station)
