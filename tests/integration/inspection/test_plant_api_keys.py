"""Keys of programs: shown once, limited to a role, revoked at once, named in the log."""

import pytest
from fastapi.testclient import TestClient

from inspection.plant import Plant
from inspection.store.tables import ApiKeyRow
from tests.support.plants import API, Person, a_result, add_samples, send_results, train


def _key(admin: Person, role: str, name: str = "mes") -> dict[str, str]:
    answer = admin.post("/api-keys", {"name": name, "role": role})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['api_key']}"}


def test_a_program_reads_results_without_a_password(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    send_results(client, station, a_result())
    key = _key(admin, "operator")
    assert len(client.get(f"{API}/results", headers=key).json()["results"]) == 1
    assert client.get(f"{API}/me", headers=key).json()["name"] == "key:mes"
    assert client.post(f"{API}/logout", headers=key).status_code == 204
    assert client.get(f"{API}/me", headers=key).status_code == 200


def test_a_key_may_what_its_role_may(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    result = a_result()
    send_results(client, station, result)
    label = {"result_id": result.id, "label": "good"}
    refused = client.post(f"{API}/labels", json=label, headers=_key(admin, "operator", "reader"))
    assert refused.status_code == 403
    assert "key:reader is operator" in refused.json()["message"]
    said = client.post(f"{API}/labels", json=label, headers=_key(admin, "inspector", "robot"))
    assert said.status_code == 201
    assert admin.get("/audit", params={"limit": 1}).json()[0]["actor"] == "key:robot"


def test_a_key_fetches_bundles_and_is_no_station(client: TestClient, admin: Person) -> None:
    add_samples(admin, "part", range(8))
    bundle_id = train(admin, "part")["result"]["bundle_id"]
    key = _key(admin, "operator")
    assert client.get(f"{API}/bundles/{bundle_id}/file", headers=key).status_code == 200
    assert client.post(f"{API}/ingest/results", json={"results": []}, headers=key).status_code == 401


def test_who_sends_another_key_is_told_which_one_is_expected(client: TestClient, station: dict[str, str]) -> None:
    """A station's key in the file of a program was answered as if a browser's session had ended."""
    for other in station, {"Authorization": "Bearer half-a-key"}:
        answer = client.get(f"{API}/results", headers=other)
        assert (answer.status_code, "API key of a program" in answer.json()["message"]) == (401, True)


def test_a_revoked_key_stops_at_once_and_its_name_is_never_given_again(client: TestClient, admin: Person) -> None:
    key = _key(admin, "engineer")
    assert admin.post("/api-keys/mes/revoke").json()["revoked_at"] is not None
    answer = client.get(f"{API}/results", headers=key)
    assert answer.status_code == 401
    assert "known and not revoked" in answer.json()["message"]
    assert admin.post("/api-keys", {"name": "mes", "role": "operator"}).status_code == 409
    assert admin.post("/api-keys/nobody/revoke").status_code == 404


@pytest.mark.parametrize("body", [{"name": "x", "role": "admin"}, {"name": "key:x", "role": "operator"}])
def test_no_key_is_an_admin_or_called_like_one(admin: Person, body: dict[str, str]) -> None:
    assert admin.post("/api-keys", body).status_code == 422


def test_only_the_hash_is_kept(plant: Plant, admin: Person) -> None:
    key = _key(admin, "operator")["Authorization"].removeprefix("Bearer ")
    with plant.database.read() as session:
        row = session.get(ApiKeyRow, "mes")
        assert row is not None
        assert key not in (row.key_sha256, row.name)
    assert key not in admin.get("/audit").text
    assert key not in admin.get("/api-keys").text
