"""A station as a service: what systemd is told, and what the repository offers to install."""

import configparser
import os
import pwd
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from edge.__main__ import build_parser
from tests.support.edge_fakes import eventually
from tests.support.stations import StationFolder, rights_of, station_process

DEPLOY = Path(__file__).parents[3] / "edge" / "deploy"


def test_systemd_hears_ready_signs_of_life_and_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real process, and a socket as systemd opens one."""
    folder, heard = StationFolder(tmp_path), []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(0.05)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def hears(word: str) -> bool:
            try:
                heard.append(manager.recv(64).decode())
            except TimeoutError:
                return False
            return heard[-1] == word

        with station_process(folder.settings_file()) as station:
            eventually(lambda: hears("READY=1"))
            eventually(lambda: hears("WATCHDOG=1"))
            assert station.stop() == 0
        eventually(lambda: hears("STOPPING=1"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_a_user_without_rights_is_enough() -> None:
    """Its process owns nothing but the folder of the station; a verdict comes, and SIGTERM ends it with 0."""
    nobody = pwd.getpwnam("nobody").pw_uid
    try:
        rights_of(nobody)
    except PermissionError as error:
        pytest.skip(f"{error}; put the checkout and its Python where others may read")
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder is closed to other users
        folder = StationFolder(Path(name))
        folder.add_frames(1)
        camera = {"kind": "folder", "folder": "frames"}
        settings = folder.settings_file(camera=camera, api={"port": 0})
        for path in (folder.path, *folder.path.rglob("*")):
            shutil.chown(path, nobody, nobody)
        with station_process(settings, user=nobody) as station:
            assert station.url()
            ids = Path(f"/proc/{station.process.pid}/status").read_text("ascii")
            assert f"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}" in ids
            eventually(folder.results)
            assert station.stop() == 0
        assert [r["verdict"] for r in folder.results()] == ["PASS"]
        assert (folder.path / "state" / "spool.sqlite").stat().st_uid == nobody


def test_the_unit_starts_a_command_that_exists_as_a_user_without_rights() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / "inspection-station.service")
    service = unit["Service"]
    program, group, *arguments = service["ExecStart"].split()
    assert (Path(program).name, group) == ("inspection", "edge")
    assert build_parser().parse_args(arguments).settings.name == "station.toml"
    assert (service["Type"], service["User"], service["NoNewPrivileges"]) == ("notify", "inspection", "yes")
    assert float(service["WatchdogSec"]) > 2  # the watchdog looks once a second


def test_the_container_ends_as_a_user_without_rights_and_copies_what_exists() -> None:
    lines = [line.split() for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.strip()]
    users = [line[1] for line in lines if line[0] == "USER"]
    copied = [name for line in lines if line[0] == "COPY" for name in line[1:-1]]
    assert users == ["inspection"]
    assert copied
    assert [name for name in copied if not (DEPLOY.parents[1] / name).exists()] == []
