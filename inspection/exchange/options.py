"""The options of `inspection export` and `inspection import`; light, for `--help` needs them."""

import argparse
from pathlib import Path

__all__ = ["add_export", "add_import", "add_plant"]

_FORMATS = ("mvtec", "coco", "csv")


def add_export(parser: argparse.ArgumentParser) -> None:
    """Options of `inspection export`."""
    parser.add_argument("recipe", metavar="RECIPE", nargs="?", help="whose samples; for results: only this recipe's")
    parser.add_argument(
        "--format", choices=(*_FORMATS, "results"), required=True, help="layout of samples, or results as one CSV file"
    )
    parser.add_argument("--out", metavar="PATH", type=Path, required=True, help="new folder; for results a new file")
    for name, text in (
        ("station", "of this station"),
        ("verdict", "PASS, FAIL or UNDECIDED"),
        ("part-id", "of a part"),
    ):
        parser.add_argument(f"--{name}", metavar=name.upper(), help=f"results only: {text}")
    add_plant(parser, "operator")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Options of `inspection import`."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="labelled images in one of the formats")
    parser.add_argument("--recipe", metavar="RECIPE", required=True, help="made if the plant does not have it")
    parser.add_argument("--format", choices=_FORMATS, required=True, help="layout of the folder")
    add_plant(parser, "engineer")


def add_plant(parser: argparse.ArgumentParser, role: str) -> None:
    """Options of every command that asks a running plant."""
    parser.add_argument("--plant", metavar="URL", default="http://127.0.0.1:8000", help="address of the plant service")
    parser.add_argument(
        "--key-file", metavar="FILE", type=Path, required=True, help=f"file with an API key of the role {role} or above"
    )
    parser.add_argument(
        "--ca-file", metavar="FILE", type=Path, help="certificates to trust for https (default: those of the system)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line of stdout")
