"""The service as a process: first start, taken port, signals, kill -9."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from edge.contract.terminal import ExitCode
from inspection.plant import database_address
from inspection.settings import load_plant_settings
from inspection.store.database import Database
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import ADMIN_PASSWORD
from tests.support.stations import heeding_hang_ups, to_toml


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(name="lines")
def _lines(tmp_path: Path, where: dict[str, Any]) -> str:
    """What PLANT.toml says of the database and of the admin's password."""
    (tmp_path / "secret").write_text(ADMIN_PASSWORD + "\n", "utf-8")
    return to_toml({"admin_password_file": "secret", **where})


def _settings(folder: Path, port: int, extra: str = "") -> Path:
    path = folder / "PLANT.toml"
    path.write_text(f'port = {port}\ndata_dir = "data"\n{extra}', "utf-8")
    return path


@contextmanager
def _service(path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "inspection", "serve", str(path)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    try:
        while process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/readyz", verify=NO_CERTIFICATES).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def _sign_in(port: int, password: str) -> httpx.Response:
    return httpx.post(f"http://127.0.0.1:{port}/api/v1/login", json={"name": "admin", "password": password})


def test_first_start_prints_a_password_that_works_and_makes_a_private_key(tmp_path: Path) -> None:
    port = _free_port()
    path = _settings(tmp_path, port)
    with _service(path, port) as process:
        assert process.stderr is not None
        match = re.search(r"with the password (\S+)", process.stderr.readline())
        assert match is not None
        assert _sign_in(port, match[1]).status_code == 200
        assert _sign_in(port, "another-password").status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert match[1] not in process.stderr.read()
    key = tmp_path / "data" / "keys" / "signing_key.pem"
    assert key.stat().st_mode & 0o077 == 0
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0  # the database, too, whatever the umask is


def test_password_comes_from_the_file_and_data_survive_kill_9(tmp_path: Path, lines: str) -> None:
    port = _free_port()
    path = _settings(tmp_path, port, lines)
    with _service(path, port) as process, httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as client:
        csrf = client.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD}).json()["csrf"]
        headers = {"X-CSRF-Token": csrf}
        assert client.post("/recipes", json={"name": "part"}, headers=headers).status_code == 201
        os.kill(process.pid, signal.SIGKILL)
    with _service(path, port), httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as client:
        client.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD})
        assert [recipe["name"] for recipe in client.get("/recipes").json()] == ["part"]


@pytest.mark.parametrize("where", [{}], ids=["sqlite"])  # what is held is the folder
def test_a_second_service_of_the_plant_leaves_the_first_one_alone(tmp_path: Path, lines: str) -> None:
    """It would end the first one's jobs as left behind. When that one is gone, however it went, it may start."""
    ports = [_free_port(), _free_port()]
    first = _settings(tmp_path, ports[0], lines)
    with _service(first, ports[0]) as process:
        second = _settings(tmp_path, ports[1], lines)
        argv = [sys.executable, "-m", "inspection", "serve", str(second)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert (done.returncode, "another service runs there" in done.stderr) == (ExitCode.BAD_INPUT, True)
        assert _sign_in(ports[0], ADMIN_PASSWORD).status_code == 200
        process.kill()
        process.wait()
        with _service(second, ports[1]):
            assert _sign_in(ports[1], ADMIN_PASSWORD).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_listeners_are_sent_home_when_the_service_stops(tmp_path: Path, number: signal.Signals) -> None:
    """Their answer ends as it should; cut off in the middle, the client would say so."""
    port = _free_port()
    (tmp_path / "secret").write_text(ADMIN_PASSWORD, "utf-8")
    path = _settings(tmp_path, port, 'admin_password_file = "secret"\n')
    address = f"http://127.0.0.1:{port}/api/v1"
    with heeding_hang_ups(), _service(path, port) as process, httpx.Client(base_url=address) as client:
        client.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD})
        with client.stream("GET", "/feed", timeout=30) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            process.send_signal(number)
            assert set(lines) == {""}
        assert process.wait(20) == 0


def test_taken_port_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        path = _settings(tmp_path, taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "inspection", "serve", str(path)], capture_output=True, text=True, check=False
        )
    assert done.returncode == ExitCode.BAD_INPUT
    assert re.search(r"error: address 127\.0\.0\.1:\d+: ", done.stderr)
    assert not (tmp_path / "data").exists()


def test_unknown_setting_stops_the_start(tmp_path: Path) -> None:
    path = _settings(tmp_path, 8000, "colour = 'dark'\n")
    done = subprocess.run(
        [sys.executable, "-m", "inspection", "serve", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "colour" in done.stderr) == (ExitCode.BAD_INPUT, True)


@pytest.mark.parametrize("altered", [False, True])
def test_audit_verify_answers_by_exit_code(tmp_path: Path, lines: str, *, altered: bool) -> None:
    port = _free_port()
    path = _settings(tmp_path, port, lines)
    with _service(path, port):
        _sign_in(port, ADMIN_PASSWORD)
    if altered:
        database = Database(database_address(load_plant_settings(path)), make=False)
        with database.write() as session:
            session.execute(text("UPDATE audit SET actor = 'admim'"))
        database.close()
    done = subprocess.run(
        [sys.executable, "-m", "inspection", "audit", "verify", str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (ExitCode.NO if altered else ExitCode.OK)
    assert ('"broken_at": 1' if altered else '"rows": 1') in done.stdout


def test_audit_verify_without_a_plant_is_bad_input(tmp_path: Path) -> None:
    path = _settings(tmp_path, 8000)
    done = subprocess.run(
        [sys.executable, "-m", "inspection", "audit", "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "inspection serve" in done.stderr) == (ExitCode.BAD_INPUT, True)
