"""Retention removes what the rules let go, tells it, and never touches what anybody has looked at."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from edge.contract.errors import Conflict
from edge.contract.result import ImageKind, InspectionResult, Verdict
from inspection.audit.log import verify
from inspection.cli import main
from inspection.plant import Plant, retention_of
from inspection.retention.sweep import Retention, Swept
from inspection.settings import RetentionRule, load_plant_settings
from inspection.store.blobs import DiskBlobStore
from inspection.store.tables import AuditRow, BlobRow
from inspection.store.upkeep import upkeep
from tests.support.plants import (
    ManualClock,
    Person,
    a_result,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
    sign_in,
)
from tests.support.stations import to_toml

DAY_S = 86_400
PASSED_30_DAYS = (RetentionRule(verdict=Verdict.PASS, keep_days=30),)


def _digest(number: int) -> str:
    return sha256(png(number)).hexdigest()


def _sweep(plant: Plant, *rules: RetentionRule) -> Swept:
    settings = plant.settings.model_copy(update={"retention": rules})
    retention = retention_of(settings, plant.database)
    planned = retention.plan(plant.clock())
    assert retention.run(plant.clock()) == planned
    return planned


def _take(client: TestClient, key: dict[str, str], number: int, verdict: Verdict = Verdict.PASS) -> InspectionResult:
    """A result whose frame is the image of this number."""
    result = a_result(verdict, images=(image_ref(png(number)),))
    send_results(client, key, result)
    send_image(client, key, png(number))
    return result


def test_first_rule_that_fits_decides(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    for number, verdict in enumerate(Verdict):
        _take(client, station, number, verdict)
    rules = (
        RetentionRule(station="line-2", keep_days=0),
        RetentionRule(verdict=Verdict.PASS, keep_days=30),
        RetentionRule(station="line-1", verdict=Verdict.FAIL, keep_days=90),
        RetentionRule(verdict=Verdict.FAIL, keep_days=1),
    )
    gone = []
    for days in (29, 31, 91):
        clock.now = ManualClock.now
        clock.advance(days * DAY_S)
        _sweep(plant, *rules)
        admin = sign_in(client)
        gone.append([admin.get(f"/images/{_digest(number)}").status_code == 410 for number in range(3)])
    assert gone == [[False, False, False], [True, False, False], [True, True, False]]


def test_removed_image_is_told_counted_and_recorded(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    result = _take(client, station, 1)
    admin.get(f"/images/{_digest(1)}?size=thumb")
    clock.advance(31 * DAY_S)
    assert _sweep(plant, *PASSED_30_DAYS) == Swept(1, len(png(1)))
    assert _sweep(plant, *PASSED_30_DAYS) == Swept()
    admin = sign_in(client)
    for size in ("original", "thumb"):
        answer = admin.get(f"/images/{_digest(1)}?size={size}")
        assert (answer.status_code, answer.json()["error"]) == (410, "Gone")
        assert "removed by retention on 2026-04-02" in answer.json()["message"]
    shown = admin.get(f"/results/{result.id}").json()
    assert (shown["images"], shown["images_removed"]) == ({}, ["frame"])
    assert [path for path in plant.settings.data_dir.rglob(f"{_digest(1)}*") if path.is_file()] == []
    with plant.database.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.actor == "retention")).one()
        assert json.loads(row.details) == {
            "images": 1,
            "bytes": len(png(1)),
            "rules": [{"verdict": "PASS", "keep_days": 30.0}],
        }
        assert verify(session).broken_at is None


@pytest.mark.parametrize("label", ["unsure", "retracted"])
def test_labelled_image_stays(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], clock: ManualClock, label: str
) -> None:
    overlay = png(2)
    result = a_result(Verdict.PASS, images=(image_ref(png(1)), image_ref(overlay, ImageKind.OVERLAY)))
    send_results(client, station, result)
    for number in (1, 2):
        send_image(client, station, png(number))
    for said in ("good", label):
        admin.post("/labels", {"result_id": result.id, "label": said})
    clock.advance(400 * DAY_S)
    assert _sweep(plant, RetentionRule(keep_days=0)) == Swept()


def test_sample_of_either_split_stays(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    splits = set()
    for number in range(12):
        _take(client, station, number)
        splits.add(admin.send("/recipes/part/samples", png(number), label="good").json()["split"])
    assert splits == {"train", "holdout"}
    clock.advance(400 * DAY_S)
    assert _sweep(plant, RetentionRule(keep_days=0)) == Swept()


def test_image_that_a_kept_result_names_too_stays(
    client: TestClient, plant: Plant, station: dict[str, str], clock: ManualClock
) -> None:
    _take(client, station, 1)
    clock.advance(31 * DAY_S)
    _take(client, station, 1)
    assert _sweep(plant, *PASSED_30_DAYS) == Swept()
    clock.advance(31 * DAY_S)
    assert _sweep(plant, *PASSED_30_DAYS).images == 1


def test_image_that_no_result_names_stays(
    client: TestClient, plant: Plant, station: dict[str, str], clock: ManualClock
) -> None:
    send_image(client, station, png(1))
    clock.advance(400 * DAY_S)
    assert _sweep(plant, RetentionRule(keep_days=0)) == Swept()


def test_removed_image_is_taken_again_for_a_new_result_only(
    client: TestClient, plant: Plant, station: dict[str, str], clock: ManualClock
) -> None:
    old = _take(client, station, 1)
    clock.advance(31 * DAY_S)
    _sweep(plant, *PASSED_30_DAYS)
    assert send_results(client, station, old).json()["images_wanted"] == []
    new = a_result(images=(image_ref(png(1)),))
    for _ in range(2):  # the answer to the first may be lost
        assert send_results(client, station, old, new).json()["images_wanted"] == [_digest(1)]
    send_image(client, station, png(1))
    assert sign_in(client).get(f"/images/{_digest(1)}").content == png(1)
    assert _sweep(plant, *PASSED_30_DAYS) == Swept()


class _KilledBlobStore(DiskBlobStore):
    """Ends before the first file is deleted, as kill -9 would."""

    def delete(self, *digests: str) -> None:
        raise KeyboardInterrupt(digests)


def test_killed_run_is_finished_by_the_next(
    client: TestClient, plant: Plant, station: dict[str, str], clock: ManualClock
) -> None:
    _take(client, station, 1)
    clock.advance(31 * DAY_S)
    data = plant.settings.data_dir
    killed = Retention(plant.database, _KilledBlobStore(data / "images"), plant.pictures, PASSED_30_DAYS, data)
    with pytest.raises(KeyboardInterrupt):
        killed.run(clock())
    assert sign_in(client).get(f"/images/{_digest(1)}").status_code == 410
    assert list(data.glob(f"images/*/{_digest(1)}")) != []
    assert _sweep(plant) == Swept()
    assert list(data.glob(f"images/*/{_digest(1)}")) == []


def test_nothing_is_removed_under_a_backup(plant: Plant) -> None:
    data = plant.settings.data_dir
    with upkeep(data), pytest.raises(Conflict, match="backup"):
        _sweep(plant, *PASSED_30_DAYS)
    plant.close()


def test_service_runs_it_by_itself(tmp_path: Path, clock: ManualClock, where: dict[str, Any]) -> None:
    plant = new_plant(tmp_path, clock, retention=PASSED_30_DAYS, **where)
    with running(plant) as client:
        _take(client, add_station(sign_in(client)), 1)
    clock.advance(31 * DAY_S)
    plant = new_plant(tmp_path, clock, retention=PASSED_30_DAYS, **where)
    with running(plant) as client:
        admin = sign_in(client)
        while admin.get(f"/images/{_digest(1)}").status_code != 410:  # bounded by the test's timeout
            pass
        while "plant_images_removed_total 1.0" not in client.get("/metrics").text:
            pass


def test_command_counts_then_removes(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    plant = new_plant(tmp_path, clock, **where)
    with running(plant) as client:
        _take(client, add_station(sign_in(client)), 1)
    settings = tmp_path / "PLANT.toml"
    rules = '[[retention]]\nverdict = "PASS"\nkeep_days = 0.5\n'
    settings.write_text(to_toml({"data_dir": "data", **where}) + rules, "utf-8")
    assert load_plant_settings(settings).retention == (RetentionRule(verdict=Verdict.PASS, keep_days=0.5),)
    told: list[dict[str, Any]] = []
    for options in (["--dry-run"], ["--dry-run"], [], []):
        capsys.readouterr()
        assert main(["retention", str(settings), "--json", *options]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert [line["images"] for line in told] == [1, 1, 1, 0]
    assert [line["dry_run"] for line in told] == [True, True, False, False]


def test_an_admin_sees_the_rules_and_what_is_due(tmp_path: Path, clock: ManualClock, where: dict[str, Any]) -> None:
    plant = new_plant(tmp_path, clock, retention=PASSED_30_DAYS, **where)
    with running(plant) as client:
        admin = sign_in(client)
        _take(client, add_station(admin), 1)
        clock.advance(31 * DAY_S)
        told = sign_in(client).get("/retention").json()
    assert told["rules"] == [{"station": None, "line": None, "verdict": "PASS", "keep_days": 30.0}]
    assert told["due"] == {"images": 1, "size_bytes": len(png(1))}


def test_a_rule_of_a_line_takes_its_stations_and_no_other(
    client: TestClient, admin: Person, plant: Plant, clock: ManualClock
) -> None:
    for number, (name, line) in enumerate({"top": "west", "side": "west", "under": "West", "line-1": None}.items()):
        key = add_station(admin, name)
        if line is not None:
            admin.put(f"/stations/{name}/line", {"line": line}).raise_for_status()
        for image, verdict in ((number, Verdict.PASS), (10 + number, Verdict.FAIL), (20 + number, Verdict.PASS)):
            result = a_result(verdict, station=name, images=(image_ref(png(image)),))
            send_results(client, key, result)
            send_image(client, key, png(image))
        admin.post("/labels", {"result_id": result.id, "label": "good"}).raise_for_status()
    clock.advance(31 * DAY_S)
    assert _sweep(plant, RetentionRule(line="west", verdict=Verdict.PASS, keep_days=30)).images == 2
    with plant.database.read() as session:
        gone = set(session.scalars(select(BlobRow.sha256).where(BlobRow.removed_at.is_not(None))))
    assert gone == {_digest(0), _digest(1)}  # neither what failed nor what was labelled


def test_a_rule_is_of_a_station_or_a_line() -> None:
    with pytest.raises(ValueError, match="expected a station or a line, got station 'a-1' and line 'a'"):
        RetentionRule(station="a-1", line="a", keep_days=1)
