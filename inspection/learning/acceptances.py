"""Accept as good: results that failed and are good after all, and the job that teaches the champion to let them pass.

An acceptance stands until a person undoes it or its job is refused; every job teaches all that stand.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from edge.contract.result import Verdict
from inspection.ingest.find import parse_result, require_result, stored_frame
from inspection.jobs.book import JobKind, JobState, add_job, request_cancel, require_job
from inspection.registry.promotions import champion_of, rollback, rollback_target
from inspection.review.labels import Decision, add_label, labels_shown
from inspection.samples.neighbours import without_neighbours
from inspection.samples.samples import samples_of
from inspection.samples.splits import Split
from inspection.samples.statements import Label, standing_of
from inspection.store.tables import AcceptanceRow, JobRow, SampleLabelRow, SampleRow

__all__ = [
    "REFUSED",
    "acceptances_of",
    "accepted_frames",
    "add_acceptance",
    "refuse",
    "require_acceptance",
    "undo_acceptance",
]

REFUSED = "gate"
"""Who ended an acceptance that would have lost a known defect."""


def add_acceptance(
    session: Session, recipe: str, result_ids: Sequence[str], *, reason: str, user: str, now: datetime
) -> AcceptanceRow:
    """Label results good as this person and ask for the job that teaches it; all of them or none.

    Raises:
        NotFound: no such recipe or result.
        Conflict: nothing to accept; no champion yet; or a result is of another recipe, passed, lacks its picture, or
            somebody else calls it a defect.
    """
    if not result_ids:
        raise Conflict(f"recipe {recipe!r}: none of these parts waits for review any more; there is nothing to accept")
    job = add_job(session, JobKind.ACCEPT, recipe, {}, user, now)
    frames = [_acceptable(session, recipe, result_id, user) for result_id in result_ids]
    if champion_of(session, recipe) is None:
        raise Conflict(f"recipe {recipe!r}: no model runs yet that could learn to accept; promote one first")
    for result_id in result_ids:
        add_label(session, result_id, Decision(Label.GOOD, comment=reason), user, now)
    row = AcceptanceRow(
        id=uuid4().hex,
        recipe=recipe,
        result_ids=list(result_ids),
        sha256s=frames,
        reason=reason,
        job_id=job.id,
        user=user,
        created_at=now,
    )
    job.parameters = {"acceptance_id": row.id}
    session.add(row)
    session.flush()
    return row


def require_acceptance(session: Session, recipe: str, acceptance_id: str) -> AcceptanceRow:
    """The acceptance of this id.

    Raises:
        NotFound: none of this recipe.
    """
    row = session.get(AcceptanceRow, acceptance_id)
    if row is None or row.recipe != recipe:
        raise NotFound(f"acceptance {acceptance_id}: recipe {recipe!r} has none of this id")
    return row


def acceptances_of(session: Session, recipe: str) -> list[AcceptanceRow]:
    """All of a recipe, newest first."""
    query = select(AcceptanceRow).where(AcceptanceRow.recipe == recipe)
    return list(session.scalars(query.order_by(AcceptanceRow.created_at.desc(), AcceptanceRow.id)))


def accepted_frames(session: Session, recipe: str, neighbour_s: float) -> list[str]:
    """SHA-256 of the pictures that stand accepted and still count as good.

    Those of the hold-out only test, and those taken within `neighbour_s` of a part of it teach nothing either.
    """
    standing = {digest for row in acceptances_of(session, recipe) if row.undone_at is None for digest in row.sha256s}
    return [
        sample.sha256
        for sample in without_neighbours(session, recipe, samples_of(session, recipe), neighbour_s)
        if sample.sha256 in standing and sample.split is Split.TRAIN and sample.truth.defect_type is None
    ]


def refuse(session: Session, acceptance_id: str, now: datetime) -> None:
    """End an acceptance that the gate refuses; its labels stay, they are what the person says."""
    row = session.get_one(AcceptanceRow, acceptance_id)
    if row.undone_at is None:
        row.undone_by, row.undone_at = REFUSED, now


def undo_acceptance(session: Session, row: AcceptanceRow, *, user: str, now: datetime) -> tuple[bool, JobRow | None]:
    """Take everything back: the labels, the job if it has not ended, and the champion if it is what the job made.

    Returns:
        Whether the champion before runs again; and, where a later acceptance stands on this one, the job that teaches
        what is left.

    Raises:
        Conflict: it was undone before, or a rollout is under way.
    """
    if row.undone_at is not None:
        raise Conflict(f"acceptance {row.id}: ended by {row.undone_by} already")
    row.undone_by, row.undone_at = user, now
    _retract(session, row, now)
    job = require_job(session, row.job_id)
    if job.state in {JobState.QUEUED, JobState.RUNNING}:
        request_cancel(session, job.id, now)
    champion = champion_of(session, row.recipe)
    if champion is not None and champion == _made_by(job) and rollback_target(session, row.recipe) is not None:
        rollback(session, row.recipe, reason=f"undone: {row.reason}", user=user, now=now)
        return True, None
    later = _standing_on(session, row, champion)
    if later is None:
        return False, None
    return False, add_job(session, JobKind.ACCEPT, row.recipe, {"acceptance_id": later.id}, user, now)


def _acceptable(session: Session, recipe: str, result_id: str, user: str) -> str:
    """SHA-256 of the frame of a result that may be accepted."""
    result = require_result(session, result_id)
    if result.recipe != recipe:
        raise Conflict(f"result {result_id}: is of recipe {result.recipe!r}, not of {recipe!r}")
    if parse_result(result).verdict is Verdict.PASS:
        raise Conflict(f"result {result_id}: it passed, there is nothing to accept")
    frame = stored_frame(session, result_id)
    if frame is None:
        raise Conflict(f"result {result_id}: its picture is not stored, nothing can be learnt from it")
    accusers = _accusers(session, recipe, frame, f"result:{result_id}:{user}")
    if accusers:
        raise Conflict(f"result {result_id}: called a defect by {', '.join(accusers)}; agree on it first")
    return frame


def _accusers(session: Session, recipe: str, frame: str, own: str) -> list[str]:
    """Sources other than this one that say that a picture shows a defect."""
    query = select(SampleLabelRow).join(SampleRow, SampleRow.id == SampleLabelRow.sample_id)
    said = session.scalars(
        query.where(SampleRow.recipe == recipe, SampleRow.sha256 == frame).order_by(SampleLabelRow.id)
    )
    standing = [row for row in standing_of(said) if row.label == Label.DEFECT and row.source != own]
    return sorted({row.source.rpartition(":")[2] for row in standing})


def _retract(session: Session, row: AcceptanceRow, now: datetime) -> None:
    """What the person says by now is not taken back: only what this acceptance said."""
    shown = labels_shown(session, row.result_ids)
    for result_id in row.result_ids:
        own = [label for label in shown[result_id] if label.user == row.user and label.comment == row.reason]
        if own and own[0].label == Label.GOOD:
            add_label(session, result_id, Decision(Label.RETRACTED), row.user, now)


def _made_by(job: JobRow) -> str | None:
    bundle_id = (job.result or {}).get("bundle_id")
    return None if bundle_id is None else str(bundle_id)


def _standing_on(session: Session, row: AcceptanceRow, champion: str | None) -> AcceptanceRow | None:
    """The standing acceptance whose job made the champion and taught this one with it."""
    for later in acceptances_of(session, row.recipe):
        taught = _made_by(require_job(session, later.job_id))
        if later.undone_at is None and later.created_at >= row.created_at and taught is not None and taught == champion:
            return later
    return None
