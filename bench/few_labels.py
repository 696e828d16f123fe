"""What a few labelled defects are worth: some test images become labels and are judged no more; prints JSON lines.

    PYTHONPATH=. .venv/bin/python bench/few_labels.py --data ../shared/data magnetic_tile --per-type 5 --draws 5
    PYTHONPATH=. .venv/bin/python bench/few_labels.py elpv_poly --per-type 50 --confirmed 50 --labels images --draws 3

Each draw takes other images. The same test images are judged by a bundle without labels, too. Test images of good
parts that are confirmed join those that both learn from.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.accuracy import lay_out_cells

_KEPT = ("image_auroc", "au_pro", "escape_rate", "overkill_rate", "recall")


def main() -> None:
    """Train with and without labels, draw by draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", help="name of a folder in the MVTec layout")
    parser.add_argument("--data", type=Path, default=Path(), help="folder of parts; the solar cells need none")
    parser.add_argument("--per-type", type=int, default=5, help="labelled images of each defect type (default: 5)")
    parser.add_argument("--confirmed", type=int, default=0, help="good test images to learn from (default: 0)")
    parser.add_argument("--labels", choices=["masks", "images"], default="masks")
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        cells = options.part.startswith("elpv_")
        part = lay_out_cells(options.part, Path(temporary)) if cells else (options.data / options.part).resolve()
        plain = Path(temporary) / "plain.bundle"
        if not options.confirmed:
            _run("train", str(part), "--out", str(plain))
        for draw in range(options.draws):
            folder = Path(temporary) / str(draw) / part.name
            _lay_out(part, folder, draw, options)
            if options.confirmed:
                _run("train", str(folder), "--out", str(plain))
            taught = folder / "taught.bundle"
            _run("train", str(folder), "--defects", str(folder / "defects"), "--out", str(taught))
            for name, bundle in (("none", plain), (options.labels, taught)):
                answer = _run("evaluate", str(bundle), str(folder))
                told = {"draw": draw, "per_type": options.per_type, "labels": name}
                print(json.dumps(told | {key: answer[key] for key in _KEPT}), flush=True)


def _lay_out(part: Path, folder: Path, draw: int, options: argparse.Namespace) -> None:
    """Links to the part's images: labelled ones in `defects`, confirmed ones in `train`, neither left in `test`."""
    _link(sorted((part / "train" / "good").iterdir()), folder / "train" / "good")
    for kind in sorted(path for path in (part / "test").iterdir() if path.is_dir()):
        files = sorted(kind.iterdir())
        wanted = options.confirmed if kind.name == "good" else options.per_type
        learnt = random.Random(draw).sample(files, wanted)  # noqa: S311 - repeatable
        _link([file for file in files if file not in learnt], folder / "test" / kind.name)
        if kind.name == "good":
            _link(learnt, folder / "train" / "good")
            continue
        marks = {file.stem: file for file in (part / "ground_truth" / kind.name).glob("*")}
        judged = [marks[file.stem] for file in files if file.stem in marks and file not in learnt]
        _link(judged, folder / "ground_truth" / kind.name)
        _link(learnt, folder / "defects" / kind.name)
        if options.labels == "masks":
            _link([marks[file.stem] for file in learnt], folder / "defects" / "masks" / kind.name)


def _link(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.name).symlink_to(file)


def _run(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "models", *arguments, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
