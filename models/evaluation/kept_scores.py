"""Scores that a bundle gave to images before: the champion has judged most of a hold-out at the gates before this one.

A file per bundle and version of the runtime, in a folder that may be deleted at any time: what is not there is judged
again. Several processes may share it; the last one to write wins, which costs time and no truth.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from models.kept_files import write_whole

__all__ = ["keep_scores", "kept_scores"]

log = logging.getLogger(__name__)


def kept_scores(folder: Path | None, bundle_id: str) -> dict[str, float]:
    """By the SHA-256 of the image's file; empty where nothing was kept, or what was kept cannot be read."""
    if folder is None:
        return {}
    try:
        read = json.loads(_file(folder, bundle_id).read_text("utf-8"))
        return {str(digest): float(score) for digest, score in read.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s: kept scores cannot be read, all images are judged again: %s", folder, error)
        return {}


def keep_scores(folder: Path | None, bundle_id: str, scores: Mapping[str, float]) -> None:
    """Add scores to those of this bundle; one that cannot be written costs the next gate time only."""
    if folder is None:
        return
    try:
        together = kept_scores(folder, bundle_id) | dict(scores)
        write_whole(_file(folder, bundle_id), json.dumps(together).encode())
    except OSError as error:
        log.warning("%s: scores cannot be kept for the next gate: %s", folder, error)


def _file(folder: Path, bundle_id: str) -> Path:
    return folder / f"{bundle_id}-{onnxruntime.__version__}.json"
