"""What accepting twenty parts does: each defect type in turn is called good, and accepted; prints JSON lines.

    PYTHONPATH=. .venv/bin/python bench/learning/accepted.py ../shared/data/magnetic_tile --seeds 1 [--marks]

Of the other types half are known defects, the other half is judged and was never labelled. Parts of the accepted kind
that were not accepted are its next overkills. A type of defects is a hard kind: it differs from part to part. With
`--marks` the kinds are harmless marks that look alike on each part, rendered onto real goods: a fibre, the ring of a
dried drop, a dot of chalk, each at another place, turn and size.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.learning.marks import MARKS, marked

ACCEPTED = 20
MARKED = 100


def main() -> None:
    """Train once, then accept and judge, kind by kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder in the MVTec layout")
    parser.add_argument("--bundle", type=Path, help="trained on its goods alone (default: trained here)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--marks", action="store_true", help="accept harmless marks, not defect types")
    options = parser.parse_args()
    data: Path = options.data.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        bundle = options.bundle or Path(temporary) / "champion.bundle"
        if options.bundle is None:
            _run("train", str(data), "--out", str(bundle))
        for seed in range(options.seeds):
            types = sorted(path.name for path in (data / "test").iterdir() if path.name != "good")
            for kind in MARKS if options.marks else types:
                told = _accept(data, Path(temporary) / f"{seed}-{kind}", bundle, kind, seed)
                print(json.dumps({"seed": seed, "kind": kind, **told}), flush=True)


def _accept(data: Path, folder: Path, bundle: Path, kind: str, seed: int) -> dict[str, Any]:
    _lay_out(data, folder, kind, seed)
    before = _run("evaluate", str(bundle), str(folder))
    out = folder / "accepting.bundle"
    defects = ("--defects", str(folder / "defects"))
    started = time.monotonic()
    report = _run("accept", str(bundle), str(folder / "accepted"), *defects, "--out", str(out))
    accept_s = round(time.monotonic() - started, 1)
    if not report:
        return {"refused": True, "accept_s": accept_s}
    started = time.monotonic()
    gate = _run("gate", str(out), str(folder / "holdout"), "--champion", str(bundle))
    gate_s = round(time.monotonic() - started, 1)
    after = _run("evaluate", str(out), str(folder))
    failing = [round(answer["recall"][kind], 3) for answer in (before, after)]
    counts, others = before["counts"], [name for name in before["recall"] if name != kind]
    caught = [sum(round(answer["recall"][name] * counts[name]) for name in others) for answer in (before, after)]
    return {
        "alike": report["alike"],
        "accepted": report["accepted"],
        "known_defects": report["defects"],
        "kind_failing": failing,
        "unknown_defects_caught": caught,
        "overkill": [round(answer["overkill_rate"], 4) for answer in (before, after)],
        "accept_s": accept_s,
        "gate_s": gate_s,
        "gate_passed": gate["passed"],
    }


def _lay_out(data: Path, folder: Path, kind: str, seed: int) -> None:
    for source in sorted((data / "test").iterdir()):
        files = sorted(source.iterdir())
        random.Random(seed).shuffle(files)  # noqa: S311 - repeatable
        if source.name == "good" and kind in MARKS:
            marks, plain = files[:MARKED], files[MARKED:]
            _mark(marks[:ACCEPTED], folder / "accepted", kind, seed)
            _mark(marks[ACCEPTED:], folder / "test" / kind, kind, seed)
            _link(plain, folder / "test" / "good")
            _link(plain[:130], folder / "holdout" / "test" / "good")
        elif source.name == "good":
            _link(files, folder / "test" / "good")
            _link(files[:130], folder / "holdout" / "test" / "good")
        elif source.name == kind:
            _link(files[:ACCEPTED], folder / "accepted")
            _link(files[ACCEPTED:], folder / "test" / kind)
        else:
            half = len(files) // 2
            _link(files[:half], folder / "defects" / source.name)
            _link(files[half:], folder / "test" / source.name)
            _link(files[half:], folder / "holdout" / "test" / source.name)


def _mark(files: list[Path], folder: Path, kind: str, seed: int) -> None:
    folder.mkdir(parents=True)
    for number, file in enumerate(files):
        image = np.asarray(cv2.imread(str(file)), np.uint8)
        cv2.imwrite(str(folder / f"{file.stem}.png"), marked(image, kind, 10_000 * seed + len(files) * 100 + number))


def _link(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).symlink_to(file)


def _run(*arguments: str) -> dict[str, Any]:
    """Its answer; empty where it refused and said why on stderr."""
    done = subprocess.run([sys.executable, "-m", "models", *arguments, "--json"], check=False, stdout=subprocess.PIPE)
    if done.returncode > 1:
        raise SystemExit(f"{arguments[0]} ended with code {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
    return answer


if __name__ == "__main__":
    main()
