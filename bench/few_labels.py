"""What a few labelled defects are worth: some test images become labels and are judged no more; prints JSON lines.

    .venv/bin/python bench/few_labels.py --data ../shared/data magnetic_tile --per-type 5 --labels masks --draws 5

Each draw takes other images. The same test images are judged by a bundle without labels, too.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

_KEPT = ("image_auroc", "au_pro", "escape_rate", "overkill_rate", "recall")


def main() -> None:
    """Train with and without labels, draw by draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", help="name of a folder in the MVTec layout")
    parser.add_argument("--data", type=Path, required=True, help="folder of parts")
    parser.add_argument("--per-type", type=int, default=5, help="labelled images of each defect type (default: 5)")
    parser.add_argument("--labels", choices=["masks", "images"], default="masks")
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    part: Path = (options.data / options.part).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        plain = Path(temporary) / "plain.bundle"
        _run("train", str(part), "--out", str(plain))
        for draw in range(options.draws):
            folder = Path(temporary) / str(draw) / part.name
            _lay_out(part, folder, options.per_type, draw, masks=options.labels == "masks")
            taught = folder / "taught.bundle"
            _run("train", str(folder), "--defects", str(folder / "defects"), "--out", str(taught))
            for name, bundle in (("none", plain), (options.labels, taught)):
                answer = _run("evaluate", str(bundle), str(folder))
                told = {"draw": draw, "per_type": options.per_type, "labels": name}
                print(json.dumps(told | {key: answer[key] for key in _KEPT}), flush=True)


def _lay_out(part: Path, folder: Path, per_type: int, draw: int, *, masks: bool) -> None:
    """Links to the part's images, with the labelled ones in `defects` and no longer in `test`."""
    _link(sorted((part / "train" / "good").iterdir()), folder / "train" / "good")
    for kind in sorted(path for path in (part / "test").iterdir() if path.is_dir()):
        files = sorted(kind.iterdir())
        labelled = [] if kind.name == "good" else random.Random(draw).sample(files, per_type)  # noqa: S311 - repeatable
        _link([file for file in files if file not in labelled], folder / "test" / kind.name)
        marks = {file.stem: file for file in (part / "ground_truth" / kind.name).glob("*")}
        judged = [marks[file.stem] for file in files if file.stem in marks and file not in labelled]
        _link(judged, folder / "ground_truth" / kind.name)
        if labelled:
            _link(labelled, folder / "defects" / kind.name)
        if labelled and masks:
            _link([marks[file.stem] for file in labelled], folder / "defects" / "masks" / kind.name)


def _link(files: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).symlink_to(file)


def _run(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "models", *arguments, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
