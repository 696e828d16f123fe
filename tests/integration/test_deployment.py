"""Files that put plant and station on a machine: each names only what is there."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from compose_spec import PyCompose
from fastapi.testclient import TestClient

from edge.station.settings import load_station_settings
from inspection.settings import load_plant_settings
from tests.support.commands import ROOT
from tests.support.plants import new_plant, running
from tests.support.stations import StationFolder, station_process

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
UNITS = [ROOT / "inspection/deploy/inspection-plant.service", ROOT / "edge/deploy/inspection-station.service"]
DOCKERFILES = [ROOT / "inspection/deploy/Dockerfile", ROOT / "edge/deploy/Dockerfile"]
METRIC = re.compile(r"\b(?:plant|inspection)_[a-z_]+\b")


def _compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return found


def test_compose_file_is_valid() -> None:
    """By the Compose Specification's parser: no container is started here."""
    compose = PyCompose.from_yaml(COMPOSE.read_text("utf-8"))
    compose.validate()
    assert compose.service_names() == ["plant", "database", "broker", "station"]


def test_what_compose_mounts_and_builds_is_there_and_no_secret_is() -> None:
    services = _compose()["services"]
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in _compose()["volumes"] or (DEPLOY / source).is_file()
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    for secret in _compose()["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "POSTGRES_PASSWORD" not in services["database"]["environment"]


def test_settings_of_the_containers_are_valid_and_fit_the_compose_file() -> None:
    services = _compose()["services"]
    plant = load_plant_settings(DEPLOY / "plant.toml")
    station = load_station_settings(DEPLOY / "station.toml")
    for name, secrets in (("plant", _secrets(DEPLOY / "plant.toml")), ("station", _secrets(DEPLOY / "station.toml"))):
        assert sorted(secrets) == sorted(services[name]["secrets"])
    assert services["plant"]["ports"] == [f"127.0.0.1:{plant.port}:{plant.port}"]
    assert station.api is not None
    assert services["station"]["ports"] == [f"127.0.0.1:{station.api.port}:{station.api.port}"]
    assert station.plant is not None
    assert station.plant.url == f"http://plant:{plant.port}"
    assert str(plant.database_url).startswith("postgresql://inspection@database:")


def _secrets(path: Path) -> list[str]:
    return re.findall(r'"/run/secrets/([a-z-]+)"', path.read_text("utf-8"))


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.parent.name)
def test_container_files_copy_what_is_there_and_install_known_extras(path: Path) -> None:
    text = path.read_text("utf-8")
    copied = [word for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for word in line.split()]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    asked = re.search(r"'\.\[([a-z0-9,]+)\]'", text)
    assert asked is not None
    assert set(asked[1].split(",")) <= set(extras)
    assert "\nUSER inspection\n" in text


@pytest.mark.systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_units_are_valid(tmp_path: Path, unit: Path) -> None:
    """With the program of this machine, for systemd looks whether it is there."""
    program = str(Path(sys.executable).with_name("inspection"))
    text = unit.read_text("utf-8")
    assert "/opt/inspection/bin/inspection" in text
    copy = tmp_path / unit.name
    copy.write_text(text.replace("/opt/inspection/bin/inspection", program), "utf-8")
    done = subprocess.run(
        [str(shutil.which("systemd-analyze")), "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if unit.name in line]) == (0, [])


def test_every_metric_of_the_dashboard_is_served(tmp_path: Path) -> None:
    with running(new_plant(tmp_path / "plant")) as plant:
        served = _served(plant)
    folder = tmp_path / "station"
    folder.mkdir()
    with station_process(StationFolder(folder).settings_file(api={"port": 0})) as station:
        served |= _families(_text(station.url()))
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    asked = {name for panel in dashboard["panels"] for name in _asked(panel)}
    assert len(asked) > 15
    assert sorted(asked - served) == []


def _asked(panel: dict[str, Any]) -> Iterator[str]:
    for target in panel.get("targets", []):
        names = METRIC.findall(target["expr"])
        assert names, target["expr"]
        yield from names


def _served(client: TestClient) -> set[str]:
    return _families(client.get("/metrics").text)


def _text(url: str) -> str:
    return httpx.get(f"{url}/metrics", trust_env=False).text


def _families(text: str) -> set[str]:
    found: set[str] = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        found |= {name} if kind != "histogram" else {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return found
