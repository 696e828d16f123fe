"""A network between station and plant that loses half of all packets, below TCP; prints one JSON line at the end.

    sudo PYTHONPATH=. .venv/bin/python bench/faults/packet_loss.py --parts 300 --loss 0.5

The plant's socket lives in a network namespace of its own. The only way there are two tunnel devices, and between them
a thread that passes IP packets on or does not; TCP at both ends is the kernel's. Needs Linux, root and `ip` (iproute2).
Every result that the line was told must arrive at the plant, none twice, and every image.
"""

import argparse
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from threading import Thread

from bench.faults.lossy_network import report
from tests.support.edge_fakes import FakePlant
from tests.support.link_server import link_server
from tests.support.stations import StationFolder, station_process

_HERE, _THERE = "10.199.0.1", "10.199.0.2"
_DEVICE = "lossy0"  # one in each namespace
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
_CLONE_NEWNET = 0x40000000
_LARGEST = 65_536


class LossyWire:
    """Passes packets between two tunnel devices, and loses a share of them in either direction."""

    def __init__(self, loss: float, seed: int) -> None:
        self._loss = loss
        self._random = Random(seed)  # noqa: S311 - a repeatable draw
        self.counts: Counter[str] = Counter()

    def connect(self, one: int, other: int) -> None:
        """Carry from now on, in two threads that end with the process."""
        for ends in ((one, other), (other, one)):
            Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: int, target: int) -> None:
        while packet := os.read(source, _LARGEST):
            lost = self._random.random() < self._loss
            self.counts["lost" if lost else "passed"] += 1
            if not lost:
                os.write(target, packet)


def tunnel(address: str) -> int:
    """A tunnel device with that address in the namespace of this thread; its file descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    for change in (("address", "add", f"{address}/24", "dev", _DEVICE), ("link", "set", _DEVICE, "up")):
        subprocess.run([shutil.which("ip") or "/usr/sbin/ip", *change], check=True)
    return device


@contextmanager
def elsewhere() -> Iterator[None]:
    """This thread in a new network namespace, and back; what was opened there stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as home:
        if libc.unshare(_CLONE_NEWNET):
            raise PermissionError(ctypes.get_errno(), "a network namespace: expected to be root")
        try:
            yield
        finally:
            libc.setns(home.fileno(), _CLONE_NEWNET)


def main() -> int:
    """Judge, upload over the lossy wire, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=300)
    parser.add_argument("--loss", type=float, default=0.5, help="share of packets, in either direction")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    plant, wire, started = FakePlant(), LossyWire(options.loss, options.seed), time.monotonic()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = StationFolder(Path(temporary))
        for number in range(options.parts):
            folder.add_frame(f"{number:06}", 128 if number % 5 else 150 + number // 5 % 100)
        with elsewhere():
            there = tunnel(_THERE)
            port = stack.enter_context(link_server(plant, host=_THERE))
        wire.connect(tunnel(_HERE), there)
        link = {"url": f"http://{_THERE}:{port}", "timeout_s": 30.0, "max_backoff_s": 1.0, "heartbeat_s": 5.0}
        camera = {"kind": "folder", "folder": "frames", "rate_hz": 100.0}
        with station_process(folder.settings_file(camera=camera, plant=link, api={"port": 0})) as station:
            while len(folder.results()) < options.parts or station.waiting() > 0:
                time.sleep(0.2)
            seconds = round(time.monotonic() - started, 1)
            ended = station.stop()
        return report(folder, plant, ended, packets=dict(wire.counts), seconds=seconds)


if __name__ == "__main__":
    sys.exit(main())
