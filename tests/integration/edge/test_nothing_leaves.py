"""Nothing leaves the plant: no library that a station loads queues events for its maker."""

import subprocess
import sys
from pathlib import Path

from edge.contract.signature import SigningKey
from tests.support.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).parents[3]


def test_judging_in_a_fresh_home_leaves_no_telemetry_behind(tmp_path: Path) -> None:
    """The runtime would write a device id and a queue of events into the cache folder of a new user."""
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    write_tiny_bundle(tmp_path / "part.bundle", key)
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "edge", "bench", str(tmp_path / "part.bundle"), "--frames", "5", "--json"]
    done = subprocess.run(
        [*command, "--trust", key.public_text],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()] == []
