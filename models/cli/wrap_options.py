"""Arguments of `wrap`; nothing heavy is imported here."""

import argparse
from pathlib import Path

__all__ = ["add_wrap_arguments"]


def add_wrap_arguments(parser: argparse.ArgumentParser) -> None:
    """What the model takes, what it gives, and where its threshold comes from."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="ONNX file with one float32 input")
    parser.add_argument(
        "data", type=Path, metavar="DIR", help="train/good/<images>: parts the model has not learnt from, to calibrate"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="bundle file to write")
    parser.add_argument("--layout", choices=["nchw", "nhwc"], default="nchw", help="of the input (default: nchw)")
    parser.add_argument("--colour", choices=["rgb", "bgr", "grey"], default="rgb", help="of the input (default: rgb)")
    parser.add_argument("--scale", type=float, default=255.0, metavar="N", help="divides pixels (default: 255)")
    parser.add_argument("--mean", type=_numbers, default=(0.0,), metavar="R,G,B", help="then subtracted (default: 0)")
    parser.add_argument("--std", type=_numbers, default=(1.0,), metavar="R,G,B", help="then divided by (default: 1)")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the input, where the graph leaves it open")
    parser.add_argument("--score", metavar="OUTPUT", help="one number a part, larger = worse")
    parser.add_argument("--map", metavar="OUTPUT", help="anomalies by place; without --score its maximum is the score")
    parser.add_argument("--logits", metavar="OUTPUT", help="of a classifier, before the softmax")
    parser.add_argument("--segmentation", metavar="OUTPUT", help="logits of a segmenter, classes on the second axis")
    parser.add_argument("--good-class", type=int, default=0, metavar="N", help="index of what is good (default: 0)")
    parser.add_argument(
        "--classes", type=_names, default=(), metavar="A,B,…", help="names of the classifier's classes, in order"
    )
    parser.add_argument(
        "--threshold", type=float, metavar="SCORE", help="a part fails above it (default: by the goods)"
    )
    parser.add_argument(
        "--max-overkill", type=float, default=0.05, metavar="SHARE", help="good parts that may fail (default: 0.05)"
    )
    parser.add_argument("--recipe", metavar="NAME", help="part type the bundle is for (default: the folder's name)")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected numbers with commas between them, got {text!r}") from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT such as 256x256, got {text!r}") from error
    return width, height
