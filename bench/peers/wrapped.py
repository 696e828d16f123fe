"""A real export of anomalib as one of our bundles: train there, export ONNX, `inspection wrap`, `inspection evaluate`.

    .venv/bin/python -m bench.peers.wrapped --data ../shared/data cookie --method padim

A quarter of the good images is kept from the training, for the threshold. Prints one JSON line. Needs the environment
that `python -m bench.peers` makes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.peers.processes import run_training
from edge.contract.signature import SigningKey

_HERE = Path(__file__).resolve().parent
_STATED = ("--score", "pred_score", "--map", "anomaly_map")  # RGB, 0 to 1, NCHW: as wrap assumes
_KEPT = 4  # every so many


def main() -> None:
    """Train, wrap, evaluate, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", help="name of a folder")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of parts in the MVTec layout")
    parser.add_argument("--method", choices=["patchcore", "padim"], default="padim")
    parser.add_argument("--most-gb", type=float, default=8.0, help="memory of the training before it is ended")
    options = parser.parse_args()
    root = (options.data / options.part).resolve()
    goods = sorted((root / "train" / "good").iterdir())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kept = [path for index, path in enumerate(goods) if index % _KEPT == 0]
        _link(folder / "learnt", [path for path in goods if path not in kept])
        _link(folder / "kept", kept)
        for name in ("test", "ground_truth"):
            if (root / name).is_dir():
                (folder / "kept" / name).symlink_to(root / name)
        command = [str(_HERE / ".venv/bin/python"), str(_HERE / "anomalib_train.py"), options.method]
        arguments = [str(folder / "learnt"), str(folder / "export"), "--epochs", "1", "--onnx"]
        trained = run_training([*command, *arguments], folder / "log", 1e3 * options.most_gb, 1500)
        if trained.failure is not None:
            sys.exit(f"{options.method}: {trained.failure}")
        print(json.dumps({"part": options.part, "method": options.method, **_wrapped(folder, trained.said["model"])}))


def _link(folder: Path, goods: Sequence[Path]) -> None:
    (folder / "train" / "good").mkdir(parents=True)
    for path in goods:
        (folder / "train" / "good" / path.name).symlink_to(path)


def _wrapped(folder: Path, model: str) -> dict[str, object]:
    bundle, kept = (str(folder / name) for name in ("wrapped.bundle", "kept"))
    public = SigningKey.load_or_create(folder / "key.pem").public_text
    wrapped = _run("wrap", model, kept, "--out", bundle, "--key", str(folder / "key.pem"), *_STATED)
    evaluated = _run("evaluate", bundle, kept, "--trust", public)
    told = ("image_auroc", "au_pro", "escape_rate", "overkill_rate", "counts")
    return {
        "max_score_difference": wrapped["max_score_difference"],
        "threshold": wrapped["threshold"],
        **{name: evaluated[name] for name in told},
    }


def _run(*arguments: str) -> dict[str, object]:
    command = [sys.executable, "-m", "models", *arguments, "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
