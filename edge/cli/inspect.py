"""`inspection inspect BUNDLE IMAGE…`: a verdict for each image."""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.inference_options import add_inference_arguments, inference_settings
from edge.cli.trust import TRUST_HELP
from edge.contract.errors import DataInvalid, FrameRejected, SettingsInvalid
from edge.contract.local_key import trust_from
from edge.contract.result import Verdict
from edge.contract.terminal import ExitCode, print_json

if TYPE_CHECKING:
    from edge.inference import CompressionWatch, Detector

__all__ = ["add_arguments", "run"]

_LONGEST_NAME = 70  # characters of an overlay's, of up to three bytes each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="model bundle, made by `inspection train`")
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="image files, or folders of them")
    parser.add_argument("--json", action="store_true", help="one JSON object with all verdicts")
    parser.add_argument("--overlay", type=Path, metavar="DIR", help="write each anomaly map as PNG into this folder")
    parser.add_argument("--trust", metavar="KEY", help=TRUST_HELP)
    add_inference_arguments(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Judge the images; the answer is NO if any of them is not PASS.

    Raises:
        BadInput: no such bundle, it must not run, or no images.
    """
    from edge.bundle import load_detector  # noqa: PLC0415 - heavy, and `--help` does not need it
    from edge.inference import CompressionWatch  # noqa: PLC0415 - the same

    images = list(_image_files(arguments.images))
    trusted = trust_from(arguments.trust)
    detector = load_detector(arguments.bundle, trusted, inference_settings(arguments))
    verdicts, watch = [], CompressionWatch()
    for image, overlay in zip(images, _overlays(arguments.overlay, images), strict=True):
        verdicts.append(_judge(detector, watch, image, overlay))
        if not arguments.json:
            sys.stdout.write(_line(verdicts[-1]) + "\n")
    if arguments.json:
        print_json({"bundle_id": detector.bundle_id, "recipe": detector.manifest.recipe, "results": verdicts})
    return ExitCode.OK if all(verdict["verdict"] == Verdict.PASS for verdict in verdicts) else ExitCode.NO


def _image_files(paths: list[Path]) -> Iterator[Path]:
    from edge.cameras.folder import image_files  # noqa: PLC0415 - heavy

    for path in paths:
        if not path.exists():
            raise DataInvalid(f"{path}: no such file or folder")
        if not path.is_dir():
            yield path
            continue
        files = image_files(path)
        if not files:
            raise DataInvalid(f"{path}: expected image files, found none")
        yield from files


def _judge(detector: "Detector", watch: "CompressionWatch", image: Path, overlay: Path | None) -> dict[str, object]:
    from edge.preprocess import decode, media_type_of  # noqa: PLC0415 - heavy

    try:
        data = image.read_bytes()
        pixels = decode(data)
        judgement = detector.judge(pixels)
    except (FrameRejected, OSError) as error:
        return {"image": str(image), "verdict": Verdict.UNDECIDED, "reason": str(error)}
    watch.look(detector.bundle_id, detector.manifest, media_type_of(data))
    answer: dict[str, object] = {
        "image": str(image),
        "verdict": judgement.verdict,
        "score": judgement.score if math.isfinite(judgement.score) else None,
        "threshold": judgement.threshold,
        "defect_class": judgement.defect_class,
        **({} if judgement.reason is None else {"reason": judgement.reason}),
        "session_run_ms": (judgement.inference_end_us - judgement.inference_start_us) / 1000,
    }
    if overlay is not None:
        from edge.overlay import draw_over, render_overlay  # noqa: PLC0415 - heavy
        from edge.station.pictures import map_on_frame  # noqa: PLC0415 - heavy

        placed = map_on_frame(judgement.anomaly_map, detector.manifest.preprocess.roi, pixels.shape[:2])
        picture = draw_over(pixels, render_overlay(placed, judgement.threshold))
        answer["overlay"] = _write(overlay, picture.data)
    return answer


def _overlays(folder: Path | None, images: list[Path]) -> list[Path | None]:
    """Where the overlay of each image goes: by its folder and name, by its whole path where others share both.

    Raises:
        SettingsInvalid: there can be no such folder.
    """
    if folder is None:
        return [None] * len(images)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsInvalid(f"--overlay: expected a folder, got {folder}: {error.strerror}") from error
    whole = [image.resolve() for image in images]
    names = {image: f"{image.parent.name}_{image.stem}" for image in whole}
    shared = Counter(names.values())
    for image, name in names.items():
        names[image] = name if shared[name] == 1 else "_".join(image.parts[1:])[-_LONGEST_NAME:]
    return [folder / f"{names[image]}_overlay.png" for image in whole]


def _write(target: Path, data: bytes) -> str:
    try:
        target.write_bytes(data)
    except OSError as error:
        raise SettingsInvalid(f"--overlay: {target} cannot be written: {error.strerror}") from error
    return str(target)


def _line(verdict: dict[str, object]) -> str:
    if "score" not in verdict:
        return f"{verdict['verdict']:<9} {verdict['image']}  {verdict['reason']}"
    if verdict["score"] is None:
        return f"{verdict['verdict']:<9} {verdict['image']}  the model gave no finite score"
    kind = f"  {verdict['defect_class']}" if verdict["defect_class"] else ""
    return (
        f"{verdict['verdict']:<9} {verdict['image']}  "
        f"score {verdict['score']:.3f}  threshold {verdict['threshold']:.3f}{kind}"
    )
