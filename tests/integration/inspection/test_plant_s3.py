"""Images in a bucket: a real server that checks signatures, over HTTP."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from edge.contract.errors import NotFound, SettingsInvalid
from edge.contract.result import Verdict
from inspection.backup.restore import restore_backup
from inspection.backup.write import write_backup
from inspection.plant import database_address, open_plant
from inspection.retention.sweep import Retention, Swept
from inspection.settings import RetentionRule, load_plant_settings
from inspection.store.blobs import BlobStoreLost, DiskBlobStore
from inspection.store.image_settings import ImagesSettings, S3Images
from inspection.store.image_store import open_image_store
from inspection.store.s3 import S3BlobStore, _connect
from tests.support.databases import empty_database
from tests.support.plants import (
    FAKE_MODELS,
    ManualClock,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    plant_settings,
    png,
    running,
    send_image,
    send_results,
    sign_in,
    train,
)
from tests.support.s3_server import BUCKET, S3Server, s3_server

pytestmark = pytest.mark.s3


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


def _parsed(images: dict[str, Any]) -> ImagesSettings:
    settings: ImagesSettings = TypeAdapter(ImagesSettings).validate_python(images)
    return settings


def test_plant_lives_with_its_images_in_a_bucket(server: S3Server, tmp_path: Path, clock: ManualClock) -> None:
    """Upload, page, label, training job, backup, restore to another prefix, retention."""
    frame, passed = png(1), png(2)
    images = _parsed(server.images("plant-1/images"))
    plant = new_plant(tmp_path / "a", clock, images=images)
    with running(plant) as client:
        admin = sign_in(client)
        station = add_station(admin)
        results = [a_result(images=(image_ref(frame),)), a_result(Verdict.PASS, images=(image_ref(passed),))]
        assert sorted(send_results(client, station, *results).json()["images_wanted"]) == sorted(
            sha256(data).hexdigest() for data in (frame, passed)
        )
        for data in (frame, passed, frame):
            assert send_image(client, station, data).status_code == 204
        assert admin.get(f"/images/{sha256(frame).hexdigest()}").content == frame
        assert admin.get(f"/images/{sha256(frame).hexdigest()}?size=thumb").headers["content-type"] == "image/jpeg"
        admin.post("/labels", {"result_id": results[0].id, "label": "defect"})
        add_samples(admin, "part", range(10, 20))
        assert train(admin, "part")["state"] == "succeeded"
        data_dir, backup = plant.settings.data_dir, tmp_path / "plant.backup"
        contents = write_backup(database_address(plant.settings), data_dir, plant.blobs, backup, clock)
        assert ((data_dir / "images").exists(), contents.missing) == (False, ())
        clock.advance(31 * 86_400)
        rules = (RetentionRule(keep_days=30),)
        assert Retention(plant.database, plant.blobs, plant.pictures, rules, data_dir).run(clock()) == Swept(
            1, len(passed)
        )
        with pytest.raises(NotFound):
            plant.blobs.get(sha256(passed).hexdigest())

    again = plant_settings(tmp_path / "b", **empty_database(), images=_parsed(server.images("plant-2")))
    restore_backup(backup, database_address(again), again.data_dir, again.images)
    assert not (again.data_dir / "images").exists()
    with running(open_plant(again, FAKE_MODELS, clock)) as client:
        assert sign_in(client).get(f"/images/{sha256(passed).hexdigest()}").content == passed
    on_disk = plant_settings(tmp_path / "c", **empty_database())
    restore_backup(backup, database_address(on_disk), on_disk.data_dir, on_disk.images)
    assert DiskBlobStore(on_disk.data_dir / "images").get(sha256(passed).hexdigest()) == passed


def test_lost_images_are_told_by_a_backup(server: S3Server, tmp_path: Path, clock: ManualClock) -> None:
    plant = new_plant(tmp_path, clock, images=_parsed(server.images("lost")))
    with running(plant) as client:
        send_image(client, add_station(sign_in(client)), png(1))
        digest = sha256(png(1)).hexdigest()
        plant.blobs.delete(digest)
        plant.blobs.delete(digest)
        contents = write_backup(
            database_address(plant.settings), plant.settings.data_dir, plant.blobs, tmp_path / "backup", clock
        )
    assert contents.missing == (f"images/{digest[:2]}/{digest}",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bucket": "another-bucket"}, "expected this bucket to be there"),
        ({"access_key_id": "AKIAUNKNOWN"}, "expected a key that may write"),
        ({"secret_access_key_file": "wrong"}, "expected a key that may write"),
        ({"secret_access_key_file": "not-there"}, "key file"),
        ({"access_key_id": None}, "together"),
        ({"endpoint": "http://127.0.0.1:9", "timeout_s": 1}, "expected a server that speaks S3"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_wrong_bucket_key_or_server_stops_the_start(
    server: S3Server, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    (tmp_path / "wrong").write_text("another secret\n", "utf-8")
    images = json.dumps(server.images("", **changes)).replace('": ', '" = ').replace('"access_key_id" = null, ', "")
    (tmp_path / "PLANT.toml").write_text(f"images = {images}\n", "utf-8")
    with pytest.raises(SettingsInvalid, match=said):
        open_plant(load_plant_settings(tmp_path / "PLANT.toml"), FAKE_MODELS)


def test_nothing_is_said_to_be_stored_while_the_bucket_does_not_answer(tmp_path: Path, clock: ManualClock) -> None:
    with s3_server(tmp_path) as server:
        plant = new_plant(tmp_path, clock, images=_parsed(server.images("", timeout_s=1)))
    with running(plant) as client:
        station = add_station(sign_in(client))
        result = a_result(images=(image_ref(png(1)),))
        answer = send_image(client, station, png(1))
        assert (answer.status_code, answer.json()["error"]) == (503, "BlobStoreLost")
        assert "images in s3://" in client.get("/readyz").json()["problems"][0]
        assert send_results(client, station, result).json()["images_wanted"] == [sha256(png(1)).hexdigest()]


def test_export_and_missing_objects_are_as_on_a_disk(server: S3Server, tmp_path: Path) -> None:
    blobs = open_image_store(_parsed(server.images("export")), tmp_path)
    assert isinstance(blobs, S3BlobStore)
    digest = blobs.put(b"bytes")
    blobs.export(digest, tmp_path / "out" / "image.png")
    blobs.check()
    blobs.delete()
    blobs.delete(digest, "1" * 64, blobs.put(b"others"))
    with pytest.raises(NotFound):
        blobs.get(digest)
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [b"bytes"]
    with pytest.raises(NotFound):
        blobs.export("0" * 64, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_image_is_called_missing_only_where_the_bucket_answers(server: S3Server) -> None:
    images, gone = _parsed(server.images("")), _parsed(server.images("", bucket=BUCKET + "-gone"))
    assert isinstance(images, S3Images)
    assert isinstance(gone, S3Images)
    blobs = S3BlobStore(images)
    blobs._store = _connect(gone)
    with pytest.raises(BlobStoreLost, match="the bucket is gone"):
        blobs.get("0" * 64)
