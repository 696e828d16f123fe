"""Labels of results: appended, never changed; the latest of each person is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from edge.contract.result import ImageKind
from inspection.ingest.find import frames_of, require_result, stored_frame
from inspection.review.standing import stands
from inspection.review.states import restate
from inspection.samples.samples import Subject, add_statement
from inspection.samples.splits import part_key
from inspection.samples.statements import Label, Said
from inspection.store.tables import LabelRow, RecipeRow, ResultImageRow, ResultRow

__all__ = ["Decision", "add_label", "adopt_labels", "adopt_late_frame", "labels_by", "labels_shown", "stands"]


_SAID = ("label", "defect_type", "comment", "mask_sha256")


@dataclass(frozen=True)
class Decision:
    """What a person says of a result.

    Attributes:
        mask_sha256: of where the defect is, if it was marked; already stored.
        took_s: from the picture's showing to the decision; None if it was not measured.
    """

    label: Label
    defect_type: str | None = None
    comment: str | None = None
    mask_sha256: str | None = None
    took_s: float | None = None


def add_label(session: Session, result_id: str, said: Decision, user: str, now: datetime) -> LabelRow:
    """Append a label. If the frame is stored, it becomes a sample of the recipe with this label.

    Saying the same again adds nothing, unless somebody else has said something in between: a page that was closed
    before the answer came sends it twice, and a person who insists has the last word.

    Raises:
        NotFound: no such result.
        Conflict: there is nothing of this person to retract.
    """
    result = require_result(session, result_id)
    last = next(iter(labels_by(session, result_id, user)), None)
    if last is None and said.label is Label.RETRACTED:
        raise Conflict(f"result {result_id}: {user} has no label on it to take back")
    defective = said.label is Label.DEFECT
    row = LabelRow(
        result_id=result_id,
        user=user,
        label=said.label.value,
        defect_type=said.defect_type if defective else None,
        comment=said.comment,
        mask_sha256=said.mask_sha256 if defective else None,
        took_s=said.took_s,
        created_at=now,
    )
    if last is not None and _says_the_same(last, row) and not _is_answered(session, last):
        row = last
    else:
        session.add(row)
        session.flush()
        restate(session, result, [label.label for label in labels_shown(session, [result_id])[result_id]])
    frame = stored_frame(session, result_id)
    if frame is not None:
        _tell_samples(session, result, frame, row, now, insists=True)
    return row


def adopt_late_frame(session: Session, digest: str, now: datetime) -> None:
    """Make a sample of a frame that arrived after its result was labelled."""
    query = select(ResultRow).join(ResultImageRow, ResultImageRow.result_id == ResultRow.id)
    for result in session.scalars(
        query.where(ResultImageRow.sha256 == digest, ResultImageRow.kind == ImageKind.FRAME.value)
    ):
        for row in _labels(session, [result.id]):
            _tell_samples(session, result, digest, row, now)


def adopt_labels(session: Session, recipe: str, now: datetime) -> None:
    """Make samples of what was labelled before the recipe was made, in the order in which people said it."""
    query = select(LabelRow, ResultRow).join(ResultRow, ResultRow.id == LabelRow.result_id)
    said = session.execute(query.where(ResultRow.recipe == recipe).order_by(LabelRow.id)).all()
    frames = frames_of(session, [result.id for _, result in said])
    for row, result in said:
        if result.id in frames:
            _tell_samples(session, result, frames[result.id], row, now, insists=True)


def labels_shown(session: Session, result_ids: Sequence[str]) -> dict[str, list[LabelRow]]:
    """The latest label of each person, by result; retracted ones are left out."""
    latest = {(row.result_id, row.user): row for row in _labels(session, result_ids)}
    shown: dict[str, list[LabelRow]] = {id_: [] for id_ in result_ids}
    for row in latest.values():
        if row.label != Label.RETRACTED:
            shown[row.result_id].append(row)
    return shown


def labels_by(session: Session, result_id: str, user: str) -> list[LabelRow]:
    """All that a person has said of a result, the newest first."""
    query = select(LabelRow).where(LabelRow.result_id == result_id, LabelRow.user == user)
    return list(session.scalars(query.order_by(LabelRow.id.desc())))


def _says_the_same(one: LabelRow, other: LabelRow) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAID)


def _is_answered(session: Session, row: LabelRow) -> bool:
    """Whether somebody labelled the same result later."""
    later = select(LabelRow.id).where(LabelRow.result_id == row.result_id, LabelRow.id > row.id)
    return session.scalars(later.limit(1)).first() is not None


def _labels(session: Session, result_ids: Sequence[str]) -> list[LabelRow]:
    return list(session.scalars(select(LabelRow).where(LabelRow.result_id.in_(result_ids)).order_by(LabelRow.id)))


def _tell_samples(
    session: Session, result: ResultRow, frame: str, row: LabelRow, now: datetime, *, insists: bool = False
) -> None:
    # A station may run a recipe that the plant does not know: its labels wait until somebody makes the recipe.
    if session.get(RecipeRow, result.recipe) is not None:
        source = f"result:{result.id}:{row.user}"
        said = Said(Label(row.label), row.defect_type, row.mask_sha256)
        part = part_key(result.recipe, result.part_id, result.captured_at)
        add_statement(session, Subject(result.recipe, frame, part), source, said, now, insists=insists)
