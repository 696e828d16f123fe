"""`python -m inspection.jobs.on_ray ORDER.json`: run a command on a Ray cluster as if it ran here.

Lines of its stderr come on stderr, its last line on stdout, its exit code is this one's; SIGTERM cancels it. Code 3
with a last line that says why: the cluster cannot be reached, or the workers died.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from edge.contract.errors import JobCancelled, JobFailed
from edge.contract.terminal import ExitCode, run_command
from inspection.jobs.parcel import pack, unpack
from inspection.jobs.ray_order import FROM_WORKER, RayOrder
from inspection.jobs.ray_worker import Done, Lines, Piece, work

__all__ = ["main"]

_WAIT_S = 0.2
_LET_GO_S = 3.0  # less than the plant's patience with this process


def main() -> ExitCode:
    """Connect, send, tell what comes, put files in place."""
    order = RayOrder.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))
    _tell("connecting to the Ray cluster")
    # What became of a worker that died is told below; ray's own line about it, at any time, would be a job's last word.
    os.environ["RAY_IGNORE_UNHANDLED_ERRORS"] = "1"
    try:
        ray.init(address=order.address, log_to_driver=False, configure_logging=False, namespace="inspection")
    except (ConnectionError, RuntimeError, RayError, ValueError) as error:
        raise JobFailed(
            f"Ray cluster {order.address}: cannot be reached, has this machine joined it? {error}"
        ) from error
    signal.signal(signal.SIGTERM, _terminated)
    try:
        pieces = [ray.put(piece) for piece in pack(order.reads, Path(sys.argv[1]).parent)]
        done = _try(order, pieces)
    finally:
        ray.shutdown()
    if done.exit_code not in set(ExitCode):
        raise JobFailed(f"Ray worker: the command ended with code {done.exit_code}")
    sys.stdout.write(done.last_line + "\n")
    return ExitCode(done.exit_code)


def _try(order: RayOrder, pieces: list[Any]) -> Done:
    """On one worker after the other, as long as they die."""
    lost = ""
    for attempt in range(1, order.attempts + 1):
        try:
            return _once(order, pieces)
        except RayTaskError as error:
            raise JobFailed(f"Ray worker: {error.cause}") from error
        except RayError as error:
            lost = f"the worker was lost ({type(error).__name__}), run {attempt} of {order.attempts}"
            sys.stderr.write(lost + "\n")
    raise JobFailed(f"Ray cluster {order.address}: {lost}")


def _once(order: RayOrder, pieces: list[Any]) -> Done:
    _tell("waiting for a worker of the Ray cluster")
    memory = {} if order.memory_mb is None else {"memory": order.memory_mb << 20}
    task = ray.remote(_on_worker).options(num_cpus=order.cores, num_returns="streaming", max_retries=0, **memory)
    told = task.remote(order.model_dump_json(), pieces)
    parcel: list[bytes] = []
    try:
        for item in _items(told):
            match item:
                case Lines(lines):
                    sys.stderr.write("".join(line + "\n" for line in lines))
                    sys.stderr.flush()
                case Piece(data):
                    parcel.append(data)
                case Done() as done:
                    _take(order, parcel, done)
                    return done
    except JobCancelled:
        _cancel(told)
        raise
    raise JobFailed("Ray worker: ended without a last word")


def _on_worker(order: str, pieces: list[Any]) -> Iterator[Lines | Piece | Done]:
    """The task; pieces are fetched one at a time."""
    yield from work(RayOrder.model_validate_json(order), (ray.get(piece) for piece in pieces))


def _items(told: Any) -> Iterator[Lines | Piece | Done]:
    while True:
        ready, _ = ray.wait([told], timeout=_WAIT_S)
        if ready:
            try:
                reference = next(told)
            except StopIteration:
                return
            yield ray.get(reference)


def _take(order: RayOrder, parcel: list[bytes], done: Done) -> None:
    """Put what was written where the plant expects it."""
    folder = order.made_by.parent / FROM_WORKER
    folder.mkdir(exist_ok=True)
    unpack(parcel, folder)
    for number, path in enumerate(order.writes):
        came = folder / str(number) / path.name
        if came.exists():
            came.replace(path)
    shutil.rmtree(folder)
    if done.signed_by is not None:
        order.made_by.write_text(done.signed_by, "utf-8")


def _cancel(told: Any) -> None:
    """Ask the worker to end its process; if it does not, ray ends the worker, and the kernel the process."""
    ray.cancel(told)
    until = time.monotonic() + _LET_GO_S
    while time.monotonic() < until:
        ready, _ = ray.wait([told], timeout=_WAIT_S)
        try:
            if ready:
                ray.get(next(told))
        except (StopIteration, RayError):
            return
    ray.cancel(told, force=True)


def _tell(step: str) -> None:
    sys.stderr.write(json.dumps({"progress": 0, "step": step}) + "\n")
    sys.stderr.flush()


def _terminated(*_: Any) -> None:
    raise JobCancelled("asked to end")


if __name__ == "__main__":
    sys.exit(run_command(main))
