"""A Ray cluster of a head without processors and two workers with one each, as processes of this machine.

`python -m tests.support.ray_cluster` prints the head's address; each line on stdin kills a worker, the end of stdin
ends all. `ray_cluster` starts that, so that a test's process never loads ray.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RayCluster:
    """A running cluster; jobs of the stand-in `slow…` wait for `go`."""

    address: str
    kill_worker: Callable[[], None]
    go: Callable[[], None]


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Start; end with every process that it has started."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(folder)}
    environment["FAKE_MODELS_GO"] = str(folder / "go")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ray_cluster"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def kill_worker() -> None:
        stdin.write("kill\n")
        stdin.flush()
        assert stdout.readline() == "killed\n"

    try:
        yield RayCluster(stdout.readline().strip(), kill_worker, (folder / "go").touch)
    finally:
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=20)
        process.kill()
        process.wait()
        for pid in processes_with(str(folder)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def processes_with(text: str) -> list[int]:
    """Processes of this machine with a text in their command lines."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if text.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def _main() -> None:
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - only this process loads ray

    store = 100 << 20
    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
    head = {
        "num_cpus": 0,
        "object_store_memory": store,
        "include_dashboard": False,
        "_system_config": quick,
    }
    cluster = Cluster(initialize_head=True, head_node_args=head)
    workers = [cluster.add_node(num_cpus=1, object_store_memory=store) for _ in range(2)]
    cluster.wait_for_nodes()
    sys.stdout.write(cluster.address + "\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        cluster.remove_node(workers.pop(), allow_graceful=False)
        sys.stdout.write("killed\n")
        sys.stdout.flush()
    cluster.shutdown()


if __name__ == "__main__":
    _main()
