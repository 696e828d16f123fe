"""Arguments of `train`, `evaluate` and `gate`; nothing heavy is imported here."""

import argparse
from pathlib import Path

from models.cli.wrap_options import add_wrap_arguments

__all__ = ["build_parser"]


def build_parser() -> argparse.ArgumentParser:
    """All commands of this package."""
    parser = argparse.ArgumentParser(prog="inspection", description="Train, evaluate and compare detectors.")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_train(commands.add_parser("train", help="train a detector and write a signed bundle"))
    _add_evaluate(commands.add_parser("evaluate", help="judge test images by a bundle and report"))
    _add_threshold(commands.add_parser("threshold", help="what another threshold would do, and a bundle with it"))
    _add_gate(commands.add_parser("gate", help="compare a challenger with the champion on a hold-out"))
    _add_replay(commands.add_parser("replay", help="judge parts of the line by two bundles and say where they differ"))
    _add_accept(commands.add_parser("accept", help="tolerate what accepted parts show, if no known defect is lost"))
    _add_quantize(commands.add_parser("quantize", help="INT8 or fp16, if it measures faster and says the same"))
    _add_share(commands.add_parser("share", help="a bundle without pictures of parts, for another plant"))
    wrap = commands.add_parser("wrap", help="a bundle around an ONNX model of another tool")
    add_wrap_arguments(wrap)
    _add_key(wrap)
    _add_common(wrap)
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DIR", help="folder with train/good/<images>")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="bundle file to write")
    parser.add_argument(
        "--tier",
        choices=["fast", "balanced", "accurate"],
        help="how much time a part may take: Lite0 (fast, the default), Lite2 (balanced) or DINOv2 (accurate)",
    )
    parser.add_argument(
        "--trunk-weights", type=Path, metavar="FILE", help="weights of the tier's trunk (default: those installed)"
    )
    parser.add_argument(
        "--defects", type=Path, metavar="DIR", help="labelled defects: <type>/*, masks/<type>/<stem>.png, boxes.csv"
    )
    parser.add_argument("--recipe", metavar="NAME", help="part type the bundle is for (default: the folder's name)")
    parser.add_argument(
        "--max-overkill", type=float, default=0.05, metavar="SHARE", help="good parts that may fail (default: 0.05)"
    )
    parser.add_argument(
        "--size-px",
        type=int,
        help="side of the network's input, a multiple of 32, or of 14 for accurate (default: 256, accurate 336)",
    )
    _add_costs(parser, escape_cost=None)
    parser.add_argument(
        "--undecided-overkill",
        type=float,
        metavar="SHARE",
        help="good parts that may not pass; those that do not fail either are UNDECIDED (default: none)",
    )
    parser.add_argument(
        "--smallest-defect-px",
        type=float,
        metavar="N",
        help="smallest defect that must be seen, in pixels of the camera: enlarges the input, in tiles if need be",
    )
    parser.add_argument("--roi", type=_roi, metavar="X,Y,WIDTH,HEIGHT", help="look at this region of the frame only")
    parser.add_argument(
        "--align", type=Path, metavar="IMAGE", help="golden image: parts are turned and shifted to lie like this one"
    )
    parser.add_argument(
        "--ignore-mask",
        type=Path,
        metavar="IMAGE",
        help="of the frame's size, not black where nothing is looked at (serial numbers, dates)",
    )
    parser.add_argument(
        "--invariant",
        type=_invariances,
        metavar="rotation,flip",
        help="good parts are as good turned by quarters (by halves if the input is no square), flipped, or both",
    )
    parser.add_argument(
        "--like", type=Path, metavar="BUNDLE", help="take tier, input size and all of the above from this bundle"
    )
    parser.add_argument(
        "--features",
        type=Path,
        metavar="DIR",
        help="keep features of images here, for later trainings to extract new ones only",
    )
    parser.add_argument(
        "--features-mib", type=int, default=4096, metavar="N", help="what it may grow to (default: 4096)"
    )
    parser.add_argument("--seed", type=int, default=0)
    _add_skip_unreadable(parser)
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="private key that signs (default: this user's, made on first use)"
    )
    parser.add_argument("--parent", metavar="BUNDLE_ID", help="the champion, for the record")
    _add_common(parser)


def _roi(text: str) -> tuple[int, int, int, int]:
    try:
        x_px, y_px, width_px, height_px = (int(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected X,Y,WIDTH,HEIGHT in pixels, got {text!r}") from error
    return x_px, y_px, width_px, height_px


def _invariances(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if not set(names) <= {"rotation", "flip"}:
        raise argparse.ArgumentTypeError(f"expected rotation, flip or rotation,flip, got {text!r}")
    return names


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument(
        "data", type=Path, metavar="DIR", help="folder with test/good and test/<type>, optional ground_truth/"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report that opens offline")
    _add_costs(parser, escape_cost=20.0)
    _add_skip_unreadable(parser)
    _add_trust(parser)
    _add_common(parser)


def _add_threshold(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--at", type=float, metavar="SCORE", help="a part fails above this score")
    parser.add_argument(
        "--undecided-from", type=float, metavar="SCORE", help="above this and up to the threshold it is UNDECIDED"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a bundle with these thresholds")
    _add_key(parser)
    _add_costs(parser, escape_cost=None)
    _add_trust(parser)
    _add_common(parser)


def _add_share(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="bundle file to write")
    parser.add_argument("--with-golden", action="store_true", help="even if it holds a golden image")
    _add_key(parser)
    _add_trust(parser)
    _add_common(parser)


def _add_gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("challenger", type=Path, metavar="BUNDLE")
    parser.add_argument("data", type=Path, metavar="DIR", help="frozen hold-out: test/good and test/<type>")
    parser.add_argument(
        "--champion", type=Path, metavar="BUNDLE", help="the bundle to beat; without it only the promise counts"
    )
    parser.add_argument(
        "--replay", type=Path, metavar="DIR", help="parts of the line to compare on, too: images and parts.jsonl"
    )
    parser.add_argument(
        "--flips", type=Path, metavar="FILE", help="write the parts on which the two disagree, a JSON line each"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write an HTML report on the challenger that opens offline"
    )
    _add_skip_unreadable(parser)
    parser.add_argument(
        "--scores", type=Path, metavar="DIR", help="keep scores there: the next gate does not judge the champion again"
    )
    _add_costs(parser, escape_cost=20.0)
    parser.add_argument(
        "--max-slowdown",
        type=float,
        metavar="RATIO",
        help="refuse a session that takes more than this times the champion's (default: told, not judged)",
    )
    _add_trust(parser)
    _add_common(parser)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("parts", type=Path, metavar="DIR", help="parts of the line: images and parts.jsonl")
    parser.add_argument("--against", type=Path, required=True, metavar="BUNDLE", help="the bundle to compare with")
    parser.add_argument(
        "--flips", type=Path, metavar="FILE", help="write the parts on which the two disagree, a JSON line each"
    )
    _add_trust(parser)
    _add_common(parser)


def _add_skip_unreadable(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--skip-unreadable",
        action="store_true",
        help="go on without files that cannot be read, or are smaller than the region of interest",
    )


def _add_accept(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument(
        "accepted",
        type=Path,
        nargs="?",
        metavar="DIR",
        help="folder of images of parts that are good after all; without it, what was accepted before is forgotten",
    )
    parser.add_argument("--defects", type=Path, metavar="DIR", help="known defects, <type>/*: none of them may be lost")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="bundle file to write")
    parser.add_argument("--parent", metavar="BUNDLE_ID", help="that it follows (default: BUNDLE, of which it is made)")
    _add_skip_unreadable(parser)
    _add_key(parser)
    _add_trust(parser)
    _add_common(parser)


def _add_quantize(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument(
        "data", type=Path, metavar="DIR", help="train/good to quantise with, test/good and test/<type> to compare on"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="bundle file to write")
    parser.add_argument(
        "--precision", choices=["int8", "fp16"], default="int8", help="of the trunk; the heads keep theirs"
    )
    parser.add_argument(
        "--provider",
        action="append",
        metavar="NAME",
        help="what both are measured with: cpu (the default), openvino, cuda, tensorrt; more than once: the best first",
    )
    _add_key(parser)
    _add_trust(parser)
    _add_common(parser)


def _add_costs(parser: argparse.ArgumentParser, escape_cost: float | None) -> None:
    told = "no costs" if escape_cost is None else f"{escape_cost:g}"
    parser.add_argument(
        "--escape-cost", type=float, default=escape_cost, metavar="N", help=f"of a bad part passed (default: {told})"
    )
    parser.add_argument("--overkill-cost", type=float, metavar="N", help="of a good part failed (default: 1)")
    parser.add_argument("--defect-rate", type=float, metavar="SHARE", help="bad parts on the line (default: 0.01)")


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, metavar="FILE", help="private key that signs it (default: this user's)")


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust", metavar="KEY", help="public keys with commas between, or a file with one (default: this user's own)"
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--progress-json", action="store_true", help="progress as JSON lines on stderr")
