"""A network between station and plant that breaks connections at random moments; prints one JSON line at the end.

    PYTHONPATH=. .venv/bin/python bench/faults/lossy_network.py --parts 2000

Half of all connections break after a random number of bytes, in the middle of a request or of its answer: one in four
of those goes silent, the others are reset. The rest live for a moment only, so that no good one hides the others.
Every result that the line was told must arrive at the plant, none twice, and every image.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from random import Random
from threading import Thread

from tests.support.edge_fakes import FakePlant, eventually
from tests.support.link_server import link_server
from tests.support.stations import StationFolder, station_process

_PIECE = 4096
_LONGEST_BYTES = 10_000
_LONGEST_S = 0.3
_SILENT_S = 5.0  # longer than the station waits for an answer


class LossyProxy:
    """Passes TCP connections on to a port, and breaks them."""

    def __init__(self, target: int, seed: int) -> None:
        self._target = target
        self._random = Random(seed)  # noqa: S311 - a repeatable draw
        self.counts: Counter[str] = Counter()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection's life."""
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        lossy = self._random.random() < 0.5
        wire = _Wire(self._random.randint(0, _LONGEST_BYTES) if lossy else sys.maxsize)
        pumps = [asyncio.ensure_future(wire.pump(*ends)) for ends in ((reader, back), (there, writer))]
        life_s = None if lossy else self._random.uniform(0, _LONGEST_S)
        await asyncio.wait(pumps, timeout=life_s, return_when=asyncio.FIRST_COMPLETED)
        how = "cut by time"
        if wire.left < 0:
            how = "silent" if self._random.random() < 0.25 else "reset"
        self.counts[how] += 1
        for pump in pumps:
            pump.cancel()
        if how == "silent":
            with suppress(asyncio.CancelledError):  # the end of the script
                await asyncio.sleep(_SILENT_S)
        for end in (writer, back):
            end.transport.abort()

    async def serve(self, started: asyncio.Future, stop: asyncio.Event) -> None:
        """Listen until `stop`."""
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
        started.set_result(server.sockets[0].getsockname()[1])
        await stop.wait()
        server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _Wire:
    """What may still pass in both directions together; negative once it is broken."""

    def __init__(self, left: int) -> None:
        self.left = left

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on until one end closes or the wire breaks; the last piece arrives in part."""
        while piece := await reader.read(_PIECE):
            allowed, self.left = max(0, self.left), self.left - len(piece)
            writer.write(piece[:allowed])
            await writer.drain()
            if self.left < 0:
                return


@contextmanager
def lossy_proxy(target: int, seed: int) -> Iterator[tuple[LossyProxy, int]]:
    """A proxy in a thread of its own, and its port."""
    loop, proxy = asyncio.new_event_loop(), LossyProxy(target, seed)
    started, stop = loop.create_future(), asyncio.Event()
    thread = Thread(target=loop.run_until_complete, args=(proxy.serve(started, stop),), daemon=True)
    thread.start()
    eventually(started.done)
    try:
        yield proxy, started.result()
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def main() -> int:
    """Judge, upload through the proxy, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    plant = FakePlant()
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        for number in range(options.parts):
            folder.add_frame(f"{number:06}", 128 if number % 5 else 150 + number // 5 % 100)
        with link_server(plant) as port, lossy_proxy(port, options.seed) as (proxy, lossy_port):
            link = {
                "url": f"http://127.0.0.1:{lossy_port}", "timeout_s": 1.0, "max_backoff_s": 0.2, "heartbeat_s": 0.1,
                "batch_size": 20,
            }  # fmt: skip
            camera = {"kind": "folder", "folder": "frames", "rate_hz": 100.0}
            with station_process(folder.settings_file(camera=camera, plant=link, api={"port": 0})) as station:
                while len(folder.results()) < options.parts or station.waiting() > 0:
                    time.sleep(0.2)
                ended = station.stop()
            return report(folder, plant, ended, connections=dict(proxy.counts))


def report(folder: StationFolder, plant: FakePlant, ended: int, **network: object) -> int:
    """Print the counts, with what the network did; 0 if they are right."""
    told = [r["id"] for r in folder.results()]
    stored = plant.results.values()
    wanted = {ref.sha256 for r in stored for ref in r.images}
    wrong = {
        "missing_at_the_plant": len(set(told) - set(plant.results)),
        "never_told_to_the_line": len(set(plant.results) - set(told)),
        "sequence_numbers_twice": len(plant.results) - len({r.sequence for r in stored}),
        "images_missing": len(wanted - set(plant.images)),
        "images_damaged": sum(sha256(image.data).hexdigest() != name for name, image in plant.images.items()),
    }
    counts = {
        "told_to_the_line": len(told), **wrong, "images": len(wanted),
        "repeated_arrivals_recognised": len(plant.arrivals) - len(plant.results),
        **network, "exit_code": ended,
    }  # fmt: skip
    print(json.dumps(counts))
    return int(any(wrong.values()) or ended != 0)


if __name__ == "__main__":
    sys.exit(main())
