"""The options of `inspection export` and `inspection import`; light, for `--help` needs them."""

import argparse
from pathlib import Path

__all__ = ["add_export", "add_import", "add_plant"]

_FORMATS = ("mvtec", "coco", "csv")
_LAYOUTS = (
    "layout of the folder: train/good, test/<type>, ground_truth/<type>, defects/<type> (mvtec); annotations.json "
    "beside images (coco); samples.csv with the columns file, label (good or defect) and, if you like, defect_type, "
    "mask (csv)"
)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Options of `inspection export`."""
    parser.add_argument("recipe", metavar="RECIPE", nargs="?", help="whose samples; for results: only this recipe's")
    parser.add_argument(
        "--format",
        choices=(*_FORMATS, "results"),
        required=True,
        help="layout of samples, or results as one CSV file",
    )
    parser.add_argument("--out", metavar="PATH", type=Path, required=True, help="new folder; for results a new file")
    parser.add_argument("--station", metavar="STATION", help="results only: of this station")
    parser.add_argument("--verdict", choices=["PASS", "FAIL", "UNDECIDED"], help="results only")
    parser.add_argument("--part-id", metavar="PART-ID", help="results only: of a part")
    parser.add_argument(
        "--spreadsheet",
        action="store_true",
        help="results only: for Excel: begin with a mark of UTF-8, put an apostrophe before formulas",
    )
    add_plant(parser, "operator")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Options of `inspection import`."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="labelled images in one of the formats")
    parser.add_argument("--recipe", metavar="RECIPE", required=True, help="made if the plant does not have it")
    parser.add_argument("--format", choices=_FORMATS, required=True, help=_LAYOUTS)
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
