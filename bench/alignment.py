"""What alignment to a golden image gains on a freely turning part; prints one JSON line a training.

    .venv/bin/python bench/alignment.py --data ../shared/data metal_nut

Trains with and without `--align` on few and on all good images; the first of those drawn is the golden image. Test
folders only report.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

_FEW, _SEEDS = 20, (0, 1, 2)


def main() -> None:
    """Train and evaluate each pair in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", help="name of a folder")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of parts in the MVTec layout")
    options = parser.parse_args()
    root = (options.data / options.part).resolve()
    goods = sorted((root / "train" / "good").iterdir())
    draws = [*((_FEW, seed) for seed in _SEEDS), (len(goods), 0)]
    with tempfile.TemporaryDirectory() as temporary:
        for count, seed in draws:
            drawn = random.Random(seed).sample(goods, count)  # noqa: S311 - a draw, not a secret
            folder = _linked(root, drawn, Path(temporary) / f"{count}-{seed}")
            for name, extra in {"as it lies": [], "aligned": ["--align", str(drawn[0])]}.items():
                line = {"part": options.part, "goods": count, "seed": seed, "how": name}
                print(json.dumps({**line, **_measure(folder, extra)}), flush=True)


def _linked(root: Path, goods: list[Path], folder: Path) -> Path:
    (folder / "train" / "good").mkdir(parents=True)
    for path in goods:
        (folder / "train" / "good" / path.name).symlink_to(path)
    for name in ("test", "ground_truth"):
        if (root / name).is_dir():
            (folder / name).symlink_to(root / name)
    return folder


def _measure(folder: Path, extra: list[str]) -> dict[str, object]:
    bundle = folder / "part.bundle"
    trained = _run("train", str(folder), "--out", str(bundle), *extra)
    result = _run("evaluate", str(bundle), str(folder))
    kept = ("image_auroc", "au_pro", "escape_rate", "overkill_rate", "undecided")
    return {**{key: result[key] for key in kept}, "train_s": trained["train_s"]}


def _run(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "models", *arguments, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
