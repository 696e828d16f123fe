"""Versions of a recipe: immutable, with a reason, compared, and what they name is kept."""

from hashlib import sha256
from typing import Any

from fastapi.testclient import TestClient

from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.retention.find import may_go
from inspection.settings import RetentionRule
from inspection.store.tables import BlobRow
from tests.support.plants import (
    ManualClock,
    Person,
    a_result,
    image_ref,
    person_with,
    png,
    send_image,
    send_results,
)

ROI = {"x_px": 4, "y_px": 4, "width_px": 24, "height_px": 24}


def _add(person: Person, settings: dict[str, Any], reason: str = "the drawing changed") -> Any:
    return person.post("/recipes/part/versions", {"settings": settings, "reason": reason})


def test_versions_are_numbered_compared_and_audited(admin: Person, station: dict[str, str]) -> None:
    del station
    assert admin.get("/recipes/part/versions").json() == []
    first = _add(admin, {"part_name": "cap", "escape_cost": 20}).json()
    second = _add(admin, {"part_name": "cap", "escape_cost": 50, "roi": ROI}, "an escape cost us a recall")
    assert (first["version"], second.json()["version"], second.json()["user"]) == (1, 2, "admin")
    assert [version["version"] for version in admin.get("/recipes/part/versions").json()] == [2, 1]
    changed = admin.get("/recipes/part/versions/comparison", params={"before": 1, "after": 2}).json()
    assert changed == [
        {"field": "roi", "before": None, "after": ROI},
        {"field": "escape_cost", "before": 20.0, "after": 50.0},
    ]
    newest = admin.get("/audit", params={"limit": 1}).json()[0]
    assert (newest["action"], "an escape cost us a recall" in newest["details"]) == ("recipe.changed", True)


def test_what_makes_no_version_is_refused(admin: Person, plant: Plant, station: dict[str, str]) -> None:
    del station
    assert admin.get("/recipes/none/versions").status_code == 404
    assert _add(admin, {}, " ").status_code == 422
    assert "undecided_overkill" in _add(admin, {"undecided_overkill": 0.01}).json()["message"]
    assert _add(admin, {"golden_sha256": "0" * 64}).status_code == 404
    no_side = _add(admin, {"size_px": 300})
    expected = "size_px: expected a multiple of 32 (tier fast), at least 32 and at most 4096, got 300"
    assert (no_side.status_code, no_side.json()["message"]) == (422, expected)
    assert "multiple of 14 (tier accurate)" in _add(admin, {"tier": "accurate", "size_px": 320}).json()["message"]
    assert _add(admin, {"tier": "fast"}).status_code == 201
    assert "settings of version 1 again" in _add(admin, {"tier": "fast"}).json()["message"]
    missing = admin.get("/recipes/part/versions/comparison", params={"before": 1, "after": 9})
    assert (missing.status_code, missing.json()["message"]) == (404, "recipe 'part': no version 9")
    assert admin.send("/recipes/part/images", b"not an image").status_code == 422
    operator = person_with(plant, admin.client, Role.OPERATOR)
    assert _add(operator, {"tier": "accurate"}).status_code == 403
    assert operator.send("/recipes/part/images", png()).status_code == 403
    assert len(operator.get("/recipes/part/versions").json()) == 1


def test_retention_keeps_what_a_version_names(
    client: TestClient, admin: Person, plant: Plant, station: dict[str, str], clock: ManualClock
) -> None:
    frames = [png(1), png(2)]
    for frame in frames:
        send_results(client, station, a_result(images=(image_ref(frame),)))
        send_image(client, station, frame)
    _add(admin, {"golden_sha256": sha256(frames[0]).hexdigest()})
    clock.advance(86_400)
    with plant.database.read() as session:
        going = [row.sha256 for row in session.query(BlobRow).where(may_go([RetentionRule(keep_days=0)], clock()))]
    assert going == [sha256(frames[1]).hexdigest()]
