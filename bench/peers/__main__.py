"""anomalib's PatchCore, PaDiM and SuperSimpleNet against ours: the same trunk, images and machine, judged in turn.

    .venv/bin/python -m bench.peers --data ../shared/data            # writes the table into docs/benchmarks.md
    .venv/bin/python -m bench.peers --data ../shared/data cookie --methods padim --out /tmp/table.md

Each model is trained in a process of its own. Then all exported models are opened, and every test image goes to each
of them in turn: what the machine does beside this hits all alike. The first run makes bench/peers/.venv.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.peers.processes import Judge, Training, run_training
from bench.peers.table import OURS, Row, as_markdown, better_peers, multiples, write_section
from edge.contract.manifest import PreprocessSpec
from edge.contract.signature import SigningKey
from models.data.folder import test_images_in
from models.data.images import ImageSet, load_images
from models.evaluation.metrics import Localisation, roc_auc
from models.progress import Progress

_HERE = Path(__file__).resolve().parent
_PYTHON = _HERE / ".venv" / "bin" / "python"
_PARTS = ("cookie", "bottle", "metal_nut", "magnetic_tile")
_METHODS = {"patchcore": "anomalib PatchCore", "padim": "anomalib PaDiM", "supersimplenet": "anomalib SuperSimpleNet"}
# Without it, 20 images let the training grow by 12 MB with each of 2,048 vectors: blocks of that size go back to the
# system only if nothing above them is in use, and whether that is so differs from run to run.
_GIVE_BACK = {"patchcore": {"MALLOC_MMAP_THRESHOLD_": str(4 * 1024 * 1024)}}
_SIDE_PX = 256  # at which all maps are compared with the masks
_WARM_UP = 10


def main() -> None:
    """Measure, print, write."""
    options = _options()
    _make_environment()
    rows = _rows_so_far(options.rows, options.parts or _PARTS)
    for part in options.parts or _PARTS:
        with tempfile.TemporaryDirectory() as temporary:
            measured = _measure(options, (options.data / part).resolve(), Path(temporary))
        for row in measured:
            print(asdict(row), flush=True)
        rows += measured
        if options.rows is not None:
            options.rows.write_text("\n".join(json.dumps(asdict(row)) for row in rows) + "\n", "utf-8")
        write_section(options.out, _text(options, rows))
    print(as_markdown(rows) + "\n".join(better_peers(rows)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"names of folders (default: {', '.join(_PARTS)})")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of parts in the MVTec layout")
    parser.add_argument("--methods", nargs="*", choices=list(_METHODS), default=list(_METHODS))
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of one inference")
    parser.add_argument("--most-gb", type=float, default=8.0, help="memory of a training before it is ended")
    parser.add_argument("--most-s", type=float, default=1500.0, help="time of a training before it is ended")
    parser.add_argument("--seen", type=int, default=200, help="images that SuperSimpleNet sees, as whole epochs")
    parser.add_argument("--rows", type=Path, help="JSON lines of parts measured before, kept and added to")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"), help="file that gets the table")
    return parser.parse_args()


def _rows_so_far(file: Path | None, again: Sequence[str]) -> list[Row]:
    """What was measured before, of other parts."""
    if file is None or not file.exists():
        return []
    rows = [Row(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    return [row for row in rows if row.part not in again]


def _make_environment() -> None:
    if _PYTHON.exists():
        return
    print("making bench/peers/.venv, several GB, once", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(_HERE / ".venv")], check=True)
    requirements = str(_HERE / "requirements.txt")
    subprocess.run([str(_PYTHON), "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)


def _measure(options: argparse.Namespace, part: Path, folder: Path) -> list[Row]:
    """All methods on one part."""
    key = SigningKey.load_or_create(folder / "key.pem")
    epochs = max(1, round(options.seen / _goods(part)))
    ours, bundle = _train_ours(options, part, folder)
    rows, commands = [ours], {}
    if ours.failure is None:
        script = str(_HERE / "our_judge.py")
        commands[OURS] = [sys.executable, script, str(bundle), str(options.threads), key.public_text]
    for method in options.methods:
        row, command = _train_peer(options, part, folder / method, method, epochs)
        rows.append(row)
        commands |= {row.method: command} if row.failure is None else {}
        print(asdict(row), flush=True)
    judged = _judge_in_turn(commands, part, folder)
    return [replace(row, **judged.get(row.method, {})) for row in rows]


def _train_ours(options: argparse.Namespace, part: Path, folder: Path) -> tuple[Row, Path]:
    bundle = folder / "ours.bundle"
    arguments = [str(part), "--out", str(bundle), "--key", str(folder / "key.pem"), "--json"]
    command = [sys.executable, "-m", "models", "train", *arguments]
    done = run_training(command, folder / "ours", 1e3 * options.most_gb, options.most_s)
    return _row(part, OURS, done), bundle


def _train_peer(
    options: argparse.Namespace, part: Path, folder: Path, method: str, epochs: int
) -> tuple[Row, list[str]]:
    arguments = [method, str(part), str(folder / "export"), "--epochs", str(epochs)]
    command = [str(_PYTHON), str(_HERE / "anomalib_train.py"), *arguments]
    done = run_training(command, folder, 1e3 * options.most_gb, options.most_s, _GIVE_BACK.get(method))
    judge = [str(_PYTHON), str(_HERE / "anomalib_judge.py"), str(done.said.get("model")), str(options.threads)]
    return _row(part, _METHODS[method], done), judge


def _row(part: Path, method: str, done: Training) -> Row:
    return Row(part.name, method, _goods(part), done.said.get("epochs", 1), done.wall_s, done.peak_mb, done.failure)


def _goods(part: Path) -> int:
    return sum(1 for path in (part / "train" / "good").iterdir())


def _judge_in_turn(commands: dict[str, list[str]], part: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Every test image by every method in turn."""
    spec = PreprocessSpec(width_px=_SIDE_PX, height_px=_SIDE_PX)
    images = load_images(test_images_in(part), spec, Progress({}, as_json=False), "")
    masked = any(mask is not None for mask in images.masks)
    scores: dict[str, list[float]] = {name: [] for name in commands}
    times_ms: dict[str, list[float]] = {name: [] for name in commands}
    with contextlib.ExitStack() as stack:
        judges, refused = _open(commands, folder, stack)
        for item in images.items[:_WARM_UP]:
            for judge in judges.values():
                judge.ask(item.path, None)
        for number, item in enumerate(images.items):
            for name, judge in judges.items():
                spent_ms, score = judge.ask(item.path, _map_file(folder, name, number) if masked else None)
                times_ms[name].append(spent_ms)
                scores[name].append(score)
        bad = np.array([item.defect_type is not None for item in images.items])
        return refused | {
            name: {
                "batch": judge.batch,
                "image_auroc": roc_auc(bad, np.array(scores[name], np.float32)),
                "au_pro": _au_pro(images, [_map_file(folder, name, n) for n in range(len(images))]) if masked else None,
                "p50_ms": float(np.percentile(times_ms[name], 50)),
                "p99_ms": float(np.percentile(times_ms[name], 99)),
                "rss_mb": judge.rss_mb(),
            }
            for name, judge in judges.items()
        }


def _open(
    commands: dict[str, list[str]], folder: Path, stack: contextlib.ExitStack
) -> tuple[dict[str, Judge], dict[str, dict[str, Any]]]:
    """The judges that run, and the failure of those that do not."""
    judges, refused = {}, {}
    for name, command in commands.items():
        try:
            judges[name] = stack.enter_context(Judge(command, folder / name))
        except RuntimeError as error:
            refused[name] = {"failure": str(error)}
    return judges, refused


def _map_file(folder: Path, name: str, number: int) -> Path:
    return folder / name / f"{number}.npy"


def _au_pro(images: ImageSet, files: Sequence[Path]) -> float | None:
    """Over good parts and those defects that have a mask, all maps stretched to one size."""
    pairs = [
        (np.zeros((_SIDE_PX, _SIDE_PX), np.bool_) if mask is None else mask, _stretched(file))
        for item, mask, file in zip(images.items, images.masks, files, strict=True)
        if mask is not None or item.defect_type is None
    ]
    return Localisation([mask for mask, _ in pairs], [amap for _, amap in pairs]).au_pro()


def _stretched(file: Path) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(np.load(file), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR), np.float32)


def _text(options: argparse.Namespace, rows: Sequence[Row]) -> str:
    better = better_peers(rows)
    ahead = "\n".join(f"- {line}" for line in better) if better else "- nothing that was measured"
    return f"""## Against anomalib

`.venv/bin/python -m bench.peers` trained each method on the good images of a part (their number in brackets) and sent
every test image to all of them in turn, from the bytes of its file to score and map. All have EfficientNet-Lite0 with
the same weights at 256 px, theirs at `blocks.2` and `blocks.4`; their models run in their own OpenVINO inferencer as
exported by `to_openvino(input_size=(256, 256))`, ours in onnxruntime. Training is the whole process. PatchCore keeps a
bank of 2,048 vectors. SuperSimpleNet saw about {options.seen} images, or each once; its default is 300 epochs, which
take hours here: its numbers are those of a training that was far too short. glibc gives PatchCore's blocks of 4 MB
and more back to the system (`MALLOC_MMAP_THRESHOLD_`), without which 20 images took up to 24 GB. A training that took
more than {options.most_gb:g} GB or {options.most_s:g} s was ended. {_cpu()}, {options.threads} threads:
compare methods on one part, not parts. anomalib {_peer_version()}, onnxruntime {version("onnxruntime")}.

{as_markdown(rows)}
Median from file to verdict, as a multiple of ours: {"; ".join(multiples(rows)) or "-"}.

What they do better, by these numbers:

{ahead}
"""


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


def _peer_version() -> str:
    lines = (_HERE / "requirements.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith("anomalib=="))


if __name__ == "__main__":
    main()
