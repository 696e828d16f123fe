"""Laying out the newest parts of the line, the way the gate of `models` replays them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound
from edge.contract.result import ImageKind
from inspection.jobs.material import called
from inspection.samples.samples import Sample, samples_of
from inspection.samples.splits import Split
from inspection.store.blobs import BlobStore
from inspection.store.images import EXTENSIONS
from inspection.store.tables import BlobRow, ResultImageRow, ResultRow

__all__ = ["lay_out_replay"]


def lay_out_replay(session: Session, blobs: BlobStore, recipe: str, limit: int, folder: Path) -> Path:
    """Link the frames of the newest results into `folder`, with an index `parts.jsonl`; returns the folder.

    Parts of the hold-out are left out, they are compared already. One that a person has labelled says so, and whether
    a training may have seen it.
    """
    folder.mkdir(parents=True)
    known = {sample.sha256: sample for sample in samples_of(session, recipe)}
    lines = []
    for sha256, media_type, result_id in _frames(session, recipe, limit):
        sample = known.get(sha256)
        if sample is not None and sample.split is Split.HOLDOUT:
            continue
        name = f"{sha256}.{EXTENSIONS.get(media_type, 'bin')}"
        try:
            blobs.export(sha256, folder / name)
        except NotFound:  # retention removed it since it was asked for
            continue
        lines.append(json.dumps(_line(name, result_id, sample)) + "\n")
    (folder / "parts.jsonl").write_text("".join(lines), "utf-8")
    return folder


def _line(name: str, result_id: str, sample: Sample | None) -> dict[str, Any]:
    label = None if sample is None else called(sample.truth.defect_type)
    return {"file": name, "result_id": result_id, "label": label, "learnt": sample is not None}


def _frames(session: Session, recipe: str, limit: int) -> Iterator[tuple[str, str, str]]:
    """SHA-256, media type and result of the newest frames that have arrived and are still here; a picture once."""
    query = (
        select(BlobRow.sha256, BlobRow.media_type, ResultRow.id)
        .join(ResultImageRow, ResultImageRow.sha256 == BlobRow.sha256)
        .join(ResultRow, ResultRow.id == ResultImageRow.result_id)
        .where(ResultRow.recipe == recipe, ResultImageRow.kind == ImageKind.FRAME.value)
        .where(BlobRow.removed_at.is_(None))
    )
    seen: set[str] = set()
    for sha256, media_type, result_id in session.execute(query.order_by(ResultRow.number.desc()).limit(limit)):
        if sha256 not in seen:
            seen.add(sha256)
            yield sha256, media_type, result_id
