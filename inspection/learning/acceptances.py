"""Accept as good: results that failed and are good after all, and the job that teaches the champion to let them pass.

An acceptance stands until a person undoes it or its job is refused; every job teaches all that stand, and tells which
those were, so that an undo knows whether the champion still lets such parts pass.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from edge.contract.result import Verdict
from inspection.ingest.find import parse_result, require_result, stored_frame
from inspection.jobs.book import JobKind, JobState, add_job, request_cancel, require_job
from inspection.registry.lineage import maker_of
from inspection.registry.promotions import champion_of, rollback, rollback_target
from inspection.review.labels import Decision, add_label, labels_by
from inspection.rollout.book import current_rollout, require_no_rollout
from inspection.samples.neighbours import without_neighbours
from inspection.samples.samples import samples_of
from inspection.samples.splits import Split
from inspection.samples.statements import Label, standing_of
from inspection.store.tables import AcceptanceRow, JobRow, LabelRow, SampleLabelRow, SampleRow

__all__ = [
    "FORGETS",
    "REFUSED",
    "acceptances_of",
    "accepted_frames",
    "add_acceptance",
    "refuse",
    "require_acceptance",
    "standing_acceptances",
    "standing_frames",
    "taught_by",
    "undo_acceptance",
]

REFUSED = "gate"
"""Who ended an acceptance that would have lost a known defect, or let none of its parts pass."""

FORGETS = "without"
"""Parameter of a job that makes the champion without an acceptance: its id."""


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


def standing_acceptances(session: Session, recipe: str) -> list[str]:
    """Ids of those that stand."""
    return sorted(row.id for row in acceptances_of(session, recipe) if row.undone_at is None)


def standing_frames(session: Session, recipe: str, frames: Collection[str]) -> dict[str, list[str]]:
    """Of each acceptance that stands those of these pictures that it is about; empty where there are none of any."""
    among = set(frames)
    rows = acceptances_of(session, recipe) if among else []
    return {row.id: sorted(among & set(row.sha256s)) for row in rows if row.undone_at is None}


def taught_by(session: Session, recipe: str, bundle_id: str) -> frozenset[str]:
    """Ids of the acceptances that a bundle was taught, as far as the job that made it tells."""
    job = maker_of(session, recipe, bundle_id)
    if job is None:
        return frozenset()
    if job.kind == JobKind.THRESHOLD:
        return taught_by(session, recipe, str(job.parameters["bundle_id"]))
    told = (job.result or {}).get("acceptances")
    if told is None and job.kind == JobKind.ACCEPT:
        return frozenset(_stood_at(session, recipe, job.started_at))
    return frozenset(told or ())


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
    """Take everything back: the labels, the job if it has not ended, and what the champion learnt of it.

    Returns:
        Whether the champion before runs again; and, where that one would let other parts pass than those that still
        stand, the job that makes today's champion without this one.

    Raises:
        Conflict: it was undone before, or a rollout of a bundle that was taught it is under way.
    """
    if row.undone_at is not None:
        raise Conflict(f"acceptance {row.id}: ended by {row.undone_by} already")
    row.undone_by, row.undone_at = user, now
    _retract(session, row, now)
    job = require_job(session, row.job_id)
    if job.state in {JobState.QUEUED, JobState.RUNNING}:
        request_cancel(session, job.id, now)
    rollout, champion = current_rollout(session, row.recipe), champion_of(session, row.recipe)
    if rollout is not None and row.id in taught_by(session, row.recipe, rollout.row.bundle_id):
        require_no_rollout(session, row.recipe)
    if champion is None or row.id not in taught_by(session, row.recipe, champion):
        return False, None
    waiting = _waiting_to_forget(session, row.recipe)
    if _is_one_step_back(session, row.recipe, champion):
        rollback(session, row.recipe, reason=f"undone: {row.reason}", user=user, now=now)
        if waiting is not None:  # the champion before was taught nothing that it would leave out
            request_cancel(session, waiting.id, now)
        return True, None
    asked = {FORGETS: row.id, "reasons": [f"undone: {row.reason}"]}
    return False, waiting or add_job(session, JobKind.ACCEPT, row.recipe, asked, user, now)


def _is_one_step_back(session: Session, recipe: str, champion: str) -> bool:
    """Whether the champion came of an acceptance, and the one before it was taught exactly what still stands."""
    maker, before = maker_of(session, recipe, champion), rollback_target(session, recipe)
    if maker is None or maker.kind != JobKind.ACCEPT or before is None:
        return False
    left = taught_by(session, recipe, champion) & set(standing_acceptances(session, recipe))
    return taught_by(session, recipe, before) == left


def _waiting_to_forget(session: Session, recipe: str) -> JobRow | None:
    """A job that has not begun and will leave out what was undone by then."""
    queued = select(JobRow).where(
        JobRow.recipe == recipe, JobRow.kind == JobKind.ACCEPT.value, JobRow.state == JobState.QUEUED.value
    )
    return next((job for job in session.scalars(queued) if FORGETS in job.parameters), None)


def _stood_at(session: Session, recipe: str, at: datetime | None) -> list[str]:
    """Ids of those that stood when a job began: what it taught, if it did not tell."""
    if at is None:
        return []
    rows = acceptances_of(session, recipe)
    return [row.id for row in rows if row.created_at <= at and (row.undone_at is None or row.undone_at > at)]


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
    """What the person says by now is not taken back: only what this acceptance said, for what they said before.

    Nor is what another acceptance that stands says in the same words.
    """
    own = [one for one in acceptances_of(session, row.recipe) if one.user == row.user]
    ended = [one for one in own if one.undone_at is not None]
    again = [one for one in own if one.undone_at is None and one.reason == row.reason]
    said_again = {result_id for one in again for result_id in one.result_ids}
    for result_id in (one for one in row.result_ids if one not in said_again):
        reasons = {one.reason for one in ended if result_id in one.result_ids}
        said = labels_by(session, result_id, row.user)
        accepted = [label.label == Label.GOOD and label.comment in reasons for label in said]
        if said and accepted[0] and said[0].comment == row.reason:
            before = next((label for label, was in zip(said, accepted, strict=True) if not was), None)
            add_label(session, result_id, _again(before), row.user, now)


def _again(label: LabelRow | None) -> Decision:
    if label is None:
        return Decision(Label.RETRACTED)
    return Decision(Label(label.label), label.defect_type, label.comment, label.mask_sha256)
