"""10,000 corrupted images through a station: fuzzed JPEG and PNG files, raw frames of wrong sizes.

    PYTHONPATH=. .venv/bin/python bench/faults/corrupt_images.py --images 10000

Each must end in one counted verdict, none may end the process, and the memory must not grow. Prints one JSON line.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import cv2
import numpy as np
from websockets.sync.client import connect

from tests.support.stations import StationFolder, station_process

_SIZE = (64, 64, 3)


def main() -> int:
    """Send, count, compare the memory after the first tenth with that at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = StationFolder(Path(temporary))
        settings = folder.settings_file(api={"port": 0}, spool={"max_mb": 16.0}, outputs=[])
        with station_process(settings) as station:
            url = station.url().replace("http", "ws") + "/v1/stream"
            verdicts, reasons, memory = Counter(), Counter(), []
            for name, count in (("", 9 * options.images // 10), ("?pixel_format=Mono8&width=64&height=64", None)):
                left = options.images - sum(verdicts.values()) if count is None else count
                for answer, index in send(url + name, left, raw=bool(name)):
                    verdicts[answer["verdict"]] += 1
                    reasons[(answer["reason"] or "").split(":")[0]] += answer["verdict"] == "UNDECIDED"
                    if index % max(1, options.images // 10) == 0:
                        memory.append(round(station.rss_mb(), 1))
            ended = station.stop()
    told = {"images": options.images, "verdicts": dict(verdicts), "exit_code": ended, "rss_mb": memory}
    print(json.dumps({**told, "undecided_because": dict(reasons.most_common(6))}))
    return int(sum(verdicts.values()) != options.images or ended != 0)


def send(url, count, *, raw):  # noqa: ANN001, ANN201 - a generator of this script
    """Send corrupted frames, at most two in flight; gives each answer."""
    random = Random(7)  # noqa: S311 - repeatable
    with connect(url, proxy=None, max_size=None) as client:
        for index in range(1, count + 1):
            client.send(random.randbytes(random.randint(1, 9000)) if raw else corrupted(random))
            yield json.loads(client.recv(30)), index


def corrupted(random: Random) -> bytes:
    """An image file with flipped, cut, repeated or inserted bytes, sometimes only in its header."""
    noise = np.frombuffer(random.randbytes(int(np.prod(_SIZE))), np.uint8).reshape(_SIZE)
    suffix = random.choice((".jpg", ".png"))
    data = bytearray(cv2.imencode(suffix, cv2.GaussianBlur(noise, (0, 0), 3))[1].tobytes())
    for _ in range(random.randint(1, 12)):
        where = random.randrange(64 if random.random() < 0.5 else len(data)) % len(data)
        match random.randrange(4):
            case 0:
                data[where] ^= 1 << random.randrange(8)
            case 1:
                del data[where : where + random.randint(1, 50)]
            case 2:
                data[where:where] = data[where : where + random.randint(1, 50)]
            case _:
                data[where:where] = random.randbytes(random.randint(1, 20))
        if not data:
            return b"\0"
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
