"""Accuracy, training time and memory on real parts; prints one JSON line a part.

    .venv/bin/python bench/accuracy.py --data ../shared/data     # every part found there, both types of solar cells
    .venv/bin/python bench/accuracy.py --data ../shared/data bottle elpv_poly

Good images only are trained on; test folders only report. Solar cells of `elpv-dataset`: good are those with defect
probability 0, 60 % of them (seeded) are trained on; defective are those with probability 1.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

_ELPV = ("elpv_mono", "elpv_poly")


def main() -> None:
    """Train and evaluate each part in turn, each in processes of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="names of folders, elpv_mono, elpv_poly (default: all)")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of parts in the MVTec layout")
    parser.add_argument("--tier", default="fast", help="fast, balanced or accurate (default: fast)")
    options = parser.parse_args()
    found = sorted(p.name for p in options.data.iterdir() if p.is_dir()) if options.data.is_dir() else []
    with tempfile.TemporaryDirectory() as temporary:
        for name in options.parts or [*found, *_ELPV]:
            folder = lay_out_cells(name, Path(temporary)) if name in _ELPV else options.data / name
            measured = _measure(folder, Path(temporary) / f"{name}.bundle", options.tier)
            print(json.dumps({"part": name, "tier": options.tier, **measured}), flush=True)


def _measure(folder: Path, bundle: Path, tier: str) -> dict[str, object]:
    started = time.monotonic()
    trained = _run("train", str(folder), "--out", str(bundle), "--tier", tier)
    wall_s = round(time.monotonic() - started, 1)
    # Of the largest child so far; run one part alone to know its own.
    peak_mb = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    result = _run("evaluate", str(bundle), str(folder))
    kept = ("image_auroc", "image_ap", "pixel_auroc", "au_pro", "escape_rate", "overkill_rate", "recall", "counts")
    numbers = {key: result[key] for key in kept}
    return {**numbers, "train_goods": trained["goods"], "train_wall_s": wall_s, "train_peak_mb": peak_mb}


def _run(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "models", *arguments, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def lay_out_cells(name: str, root: Path) -> Path:
    """Lay the solar cells of one type out as links, in the MVTec AD layout."""
    spec = find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        sys.exit("elpv-dataset is not installed: pip install 'inspection[demo]'")
    data = Path(spec.origin).parent / "data"
    rows = [line.split() for line in (data / "labels.csv").read_text().splitlines()]
    own = [(data / row[0], float(row[1])) for row in rows if row[2] == name.removeprefix("elpv_")]
    goods = [path for path, probability in own if probability == 0]
    random.Random(0).shuffle(goods)  # noqa: S311 - a repeatable draw
    cut = int(len(goods) * 0.6)
    _link(goods[:cut], root / name / "train" / "good")
    _link(goods[cut:], root / name / "test" / "good")
    _link([path for path, probability in own if probability == 1], root / name / "test" / "cracked")
    return root / name


def _link(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).symlink_to(file)


if __name__ == "__main__":
    main()
