"""A station never loads torch, and stays small: checked on a real process that judges."""

from pathlib import Path

import httpx
import pytest

from tests.support.edge_fakes import eventually, png
from tests.support.stations import StationFolder, station_process

FORBIDDEN = {"torch", "torchvision", "timm", "sqlalchemy", "alembic", "sklearn", "models", "inspection", "onnx"}
MAX_RSS_MB = 400


def test_a_judging_station_loads_no_torch_and_stays_under_400_mb(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python lists every module that it imports; the memory is read while the process lives."""
    folder = StationFolder(tmp_path)
    settings = folder.settings_file(api={"port": 0})
    with station_process(settings, ("-X", "importtime")) as station:
        url = station.url()
        for _ in range(20):
            assert httpx.post(f"{url}/v1/inspect", content=png(), trust_env=False).json()["verdict"] == "PASS"
        eventually(lambda: len(folder.results()) == 20)
        rss_mb = station.rss_mb()
        assert station.stop() == 0
    imported = {line.rsplit("|", 1)[1].strip() for line in station.log.splitlines() if line.startswith("import time:")}
    with capsys.disabled():
        print(f"station process: {rss_mb:.0f} MB, {len(imported)} modules")  # noqa: T201 - the measured number
    assert "onnxruntime" in imported
    assert {name for name in imported if name.split(".")[0] in FORBIDDEN} == set()
    assert rss_mb <= MAX_RSS_MB
