"""What an image pushed by HTTP waits for its answer, with and without Nagle's algorithm; prints a JSON line for each.

    PYTHONPATH=. .venv/bin/python bench/push.py [--images 150]

A tiny bundle, so that nearly all of it is the way there and back, on one connection that is kept. The two take turns.
"""

import argparse
import json
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import httpx
import numpy as np

from edge.api import server
from edge.cli.process import StationProcess
from tests.support.edge_fakes import eventually
from tests.support.plants import png
from tests.support.stations import StationFolder

ROUNDS = 2
Listen = Callable[[str, int], socket.socket]
_LISTEN: Listen = server._listen  # noqa: SLF001 - what is measured


def main() -> int:
    """Measure both, twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=150)
    options = parser.parse_args()
    for _ in range(ROUNDS):
        for name, listen in (("nagle", _waiting), ("at once", _LISTEN)):
            took_ms = 1000 * np.array(measured(listen, options.images))
            p50, p99 = (round(float(np.percentile(took_ms, share)), 1) for share in (50, 99))
            print(json.dumps({"answer": name, "p50_ms": p50, "p99_ms": p99}), flush=True)
    return 0


def measured(listen: Listen, images: int) -> list[float]:
    """Seconds from each request to its answer."""
    with tempfile.TemporaryDirectory() as folder, patch.object(server, "_listen", listen):
        process = StationProcess(StationFolder(Path(folder)).settings(camera={"kind": "push"}, api={"port": 0}))
        try:
            process.start()
            with httpx.Client(base_url=f"http://{process.address}", trust_env=False, timeout=20) as client:
                eventually(lambda: client.get("/readyz").status_code == 200)
                return [_push(client) for _ in range(images)]
        finally:
            process.stop()


def _push(client: httpx.Client) -> float:
    image = png()
    began = time.perf_counter()
    client.post("/v1/inspect", content=image).raise_for_status()
    return time.perf_counter() - began


def _waiting(host: str, port: int) -> socket.socket:
    listener = _LISTEN(host, port)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    return listener


if __name__ == "__main__":
    raise SystemExit(main())
