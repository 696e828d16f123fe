"""Backup while the service runs, and restore after the machine is lost."""

import json
import re
import shutil
import tarfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL

from edge.contract.signature import SigningKey
from inspection.cli import main
from inspection.plant import Plant, open_plant
from inspection.settings import load_plant_settings
from inspection.store.images import keep_image
from tests.support.plants import (
    ADMIN_PASSWORD,
    FAKE_MODELS,
    Person,
    a_result,
    add_samples,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
    settings_file,
    sign_in,
)
from tests.support.tiny_bundle import write_tiny_bundle


@pytest.fixture(name="files")
def _files(tmp_path: Path, plant: Plant) -> dict[str, Path]:
    """PLANT.toml of the running plant, and where a backup shall go."""
    return {"settings": settings_file(tmp_path / "PLANT.toml", plant), "backup": tmp_path / "plant.backup"}


def _run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, dict[str, Any], str]:
    capsys.readouterr()
    code = main([str(argument) for argument in argv])
    said = capsys.readouterr()
    last = said.out.splitlines()[-1] if said.out else ""
    return code, json.loads(last) if last.startswith("{") else {}, said.err


def test_everything_is_back_after_the_machine_is_lost(  # noqa: PLR0913, PLR0917 - fixtures
    client: TestClient,
    admin: Person,
    plant: Plant,
    station: dict[str, str],
    files: dict[str, Path],
    new_postgres: Callable[[], URL],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = png(1)
    result = a_result(images=(image_ref(frame),))
    send_results(client, station, result)
    send_image(client, station, frame)
    add_samples(admin, "part", range(10, 13))
    key = SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    bundle_id = write_tiny_bundle(tmp_path / "a.bundle", key)
    assert admin.send("/recipes/part/bundles", (tmp_path / "a.bundle").read_bytes()).status_code == 201
    code, told, _ = _run(capsys, "backup", files["settings"], "--out", files["backup"], "--json")
    assert (code, told["images"], told["bundles"], told["missing"]) == (0, 4, 1, [])
    assert files["backup"].stat().st_mode & 0o077 == 0
    log = _run(capsys, "audit", "verify", files["settings"])[1]
    plant.close()
    shutil.rmtree(plant.settings.data_dir)

    url = None if plant.settings.database_url is None else new_postgres()._replace(password=None).render_as_string()
    lost = settings_file(tmp_path / "NEW.toml", plant, url)
    code, told, said = _run(capsys, "restore", files["backup"], "--to", lost, "--json")
    assert (code, told.get("images")) == (0, 4), said
    assert _run(capsys, "audit", "verify", lost)[:2] == (0, log)
    restored = open_plant(load_plant_settings(lost), FAKE_MODELS, plant.clock)
    assert restored.public_key == key.public_text
    with running(restored) as again:
        person = sign_in(again, password=ADMIN_PASSWORD)
        assert person.get(f"/images/{sha256(frame).hexdigest()}").content == frame
        assert person.get(f"/results/{result.id}").json()["images"] == {"frame": sha256(frame).hexdigest()}
        assert person.get(f"/bundles/{bundle_id}/file").content == (tmp_path / "a.bundle").read_bytes()
        assert send_results(again, station, result, a_result()).json()["known"] == 1


def test_missing_and_damaged_images_are_told_and_the_rest_is_kept(
    client: TestClient,
    station: dict[str, str],
    plant: Plant,
    files: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    digests = [sha256(png(number)).hexdigest() for number in range(3)]
    for number in range(3):
        send_image(client, station, png(number))
    paths = [plant.settings.data_dir / "images" / digest[:2] / digest for digest in digests]
    paths[0].unlink()
    paths[1].write_bytes(png(9))
    code, told, _ = _run(capsys, "backup", files["settings"], "--out", files["backup"], "--json")
    assert (code, told["images"]) == (1, 1)
    assert sorted(told["missing"]) == sorted(f"images/{digest[:2]}/{digest}" for digest in digests[:2])


def test_nothing_is_overwritten(client: TestClient, files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    del client
    assert _run(capsys, "backup", files["settings"], "--out", files["backup"])[0] == 0
    code, _, said = _run(capsys, "backup", files["settings"], "--out", files["backup"])
    assert (code, "there already" in said) == (2, True)
    code, _, said = _run(capsys, "restore", files["backup"], "--to", files["settings"])
    assert (code, "expected an empty folder" in said) == (2, True)


def _repack(source: Path, target: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """A backup whose members went through `change`."""
    with tarfile.open(source) as before, tarfile.open(target, "w") as after:
        for member in before:
            file = before.extractfile(member)
            assert file is not None
            changed = change(member.name, file.read())
            if changed is not None:
                member.name, member.size = changed[0], len(changed[1])
                after.addfile(member, BytesIO(changed[1]))
    return target


CHANGES: dict[str, Callable[[str, bytes], tuple[str, bytes] | None]] = {
    "one byte altered": lambda name, data: (name, bytes([data[0] ^ 1]) + data[1:] if name == "database" else data),
    "an image left out": lambda name, data: None if name.startswith("images/") else (name, data),
    "the list left out": lambda name, data: None if name == "contents.json" else (name, data),
    "out of the folder": lambda name, data: ("../key.pem" if name.startswith("keys/") else name, data),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_backup_that_is_not_as_it_was_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    plant = new_plant(tmp_path, database_url=None)
    with plant.database.write() as session:
        keep_image(session, plant.blobs, png(1), plant.clock())
    plant.close()
    backup, new = tmp_path / "plant.backup", tmp_path / "NEW.toml"
    _run(capsys, "backup", settings_file(tmp_path / "PLANT.toml", plant), "--out", backup)
    new.write_text('data_dir = "new"\n', "utf-8")
    altered = _repack(backup, tmp_path / "altered.backup", CHANGES[change])
    assert _run(capsys, "restore", altered, "--to", new)[0] == 2
    assert not (tmp_path / "new").exists()
    altered.write_bytes(backup.read_bytes()[:-20_000])
    assert _run(capsys, "restore", altered, "--to", new)[0] == 2
    assert [path.name for path in tmp_path.glob("*new*")] == []
    assert _run(capsys, "restore", backup, "--to", new)[0] == 0


def test_a_folder_that_is_there_is_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A volume's mount point can be neither removed nor replaced; a file system has a folder of its own at its root."""
    plant = new_plant(tmp_path, database_url=None)
    plant.close()
    backup, new = tmp_path / "plant.backup", tmp_path / "NEW.toml"
    _run(capsys, "backup", settings_file(tmp_path / "PLANT.toml", plant), "--out", backup)
    volume = tmp_path / "volumes" / "plant"
    (volume / "lost+found").mkdir(parents=True)
    (volume / ".restoring" / "images").mkdir(parents=True)  # of a restore that was killed
    new.write_text(f'data_dir = "{volume}"\n', "utf-8")
    before = volume.stat().st_ino
    code, _, said = _run(capsys, "restore", backup, "--to", new)
    assert (code, volume.stat().st_ino) == (0, before), said
    assert sorted(path.name for path in volume.iterdir()) == ["keys", "lost+found", "plant.sqlite3"]


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant = new_plant(tmp_path, database_url=None)
    plant.close()
    backup, new = tmp_path / "plant.backup", tmp_path / "NEW.toml"
    _run(capsys, "backup", settings_file(tmp_path / "PLANT.toml", plant), "--out", backup)
    new.write_text('data_dir = "new"\n', "utf-8")

    def newer(name: str, data: bytes) -> tuple[str, bytes]:
        return name, re.sub(rb'"revision": "\d+"', b'"revision": "9999"', data) if name == "contents.json" else data

    code, _, said = _run(capsys, "restore", _repack(backup, tmp_path / "newer.backup", newer), "--to", new)
    assert (code, "revision 9999" in said, (tmp_path / "new").exists()) == (2, True, False)


@pytest.mark.postgres
def test_backup_goes_back_to_its_own_kind_of_database(
    tmp_path: Path, new_postgres: Callable[[], URL], password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant = new_plant(tmp_path, database_url=None)
    plant.close()
    backup, new = tmp_path / "plant.backup", tmp_path / "NEW.toml"
    _run(capsys, "backup", settings_file(tmp_path / "PLANT.toml", plant), "--out", backup)
    url = new_postgres()._replace(password=None).render_as_string()
    new.write_text(f'data_dir = "new"\ndatabase_url = "{url}"\ndatabase_password_file = "{password_file}"\n', "utf-8")
    code, _, said = _run(capsys, "restore", backup, "--to", new)
    assert (code, "for sqlite, the settings name postgresql" in said) == (2, True)
