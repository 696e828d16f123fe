"""The review queue, labels, and what the random audit sample says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime
from sqlalchemy.orm import Session

from edge.contract.result import Verdict
from inspection.api.access import Inspector, Operator, PlantDep
from inspection.api.analytics_tables import REVIEWERS_HEAD, reviewer_rows
from inspection.api.csv_answer import csv_answer
from inspection.api.review_schemas import (
    AlikeGroup,
    AuditPlan,
    AuditReport,
    AuditSide,
    BatchLabelled,
    BesideResult,
    Estimate,
    Groups,
    NewBatchLabel,
    NewLabel,
    ResultId,
    ReviewerMeasured,
    ReviewQueue,
)
from inspection.api.schemas import ShownLabel, StoredResult
from inspection.api.views import result_views
from inspection.audit.change import Change, change
from inspection.ingest.find import require_result
from inspection.plant import Plant
from inspection.registry.recipes import require_recipe
from inspection.review.audit_sample import CONFIDENCE, parts_needed
from inspection.review.beside import beside, golden_png
from inspection.review.desks import held_last
from inspection.review.estimates import audit_estimates
from inspection.review.groups import groups
from inspection.review.known_parts import answer_check, answer_checks, mixed_in
from inspection.review.labels import Decision, add_label
from inspection.review.masks import keep_mask
from inspection.review.queue import Order, defect_types, drawn_among, queue, queue_length
from inspection.review.reviewers import reviewers
from inspection.review.wanted import LabelState, SecondOpinion, Wanted
from inspection.samples.statements import Label
from inspection.store.tables import ResultRow

__all__ = ["router"]

router = APIRouter(tags=["review"])

_SHOWN_OF_GROUP = 24
_PARTS_ASKED = 100
_PARTS_AHEAD = 20


def _wanted(  # noqa: PLR0913, PLR0917 - one parameter per filter is what makes them appear in the API's description
    recipe: str | None = None,
    station: str | None = None,
    verdict: Verdict | None = None,
    defect_class: Annotated[str | None, Query(description="that the model suspects")] = None,
    score_from: float | None = None,
    score_to: float | None = None,
    since: Annotated[AwareDatetime | None, Query(description="taken at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(description="taken before")] = None,
    state: LabelState = LabelState.WAITING,
    line: Annotated[str | None, Query(description="at which the station stands")] = None,
) -> Wanted:
    said = None if verdict is None else verdict.value
    return Wanted(recipe, station, said, defect_class, score_from, score_to, since, until, state, line=line)


WantedDep = Annotated[Wanted, Depends(_wanted)]


@router.get("/review/queue")
def get_queue(  # noqa: PLR0913, PLR0917 - as above
    person: Operator,
    plant: PlantDep,
    asked: WantedDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    order: Annotated[Order, Query(description="time: newest first; value: what teaches most first")] = Order.TIME,
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="parts that were skipped")] = 0,
    looking_at: Annotated[
        tuple[ResultId, ...],
        Query(max_length=_PARTS_AHEAD, description="on the screen and next: last for other people"),
    ] = (),
) -> ReviewQueue:
    """Flagged parts, and passed ones drawn by chance, that nobody has judged yet; or those in another state."""
    wanted = asked.seen_by(SecondOpinion(person.name, plant.settings.review_second_share))
    with plant.database.read() as session:
        held = plant.desks.look(person.name, looking_at, plant.clock())
        rows = held_last(queue(session, wanted, limit, order, offset), held)
        shown = rows
        if wanted.state is LabelState.WAITING:
            shown = mixed_in(session, rows, wanted, person.name, plant.settings.review_known_share)
        return ReviewQueue(
            waiting=queue_length(session, wanted),
            defect_types=defect_types(session, wanted.recipe),
            results=_shown(session, shown, wanted),
            drawn=sorted(drawn_among(session, [row.id for row in rows])),
            held=[row.id for row in rows if row.id in held],
        )


@router.get("/review/groups")
def get_groups(person: Operator, plant: PlantDep, asked: WantedDep) -> Groups:
    """Waiting parts that look alike where they are most unusual, to be cleared by one decision."""
    seeded = plant.settings.review_known_share if asked.state is LabelState.WAITING else 0.0
    with plant.database.read() as session:
        found, alone = groups(session, asked, person.name, seeded)
        return Groups(
            groups=[
                AlikeGroup(
                    results=_shown(session, group.rows[:_SHOWN_OF_GROUP], asked),
                    ids=[row.id for row in group.rows],
                    odd=list(group.odd),
                    worst=group.worst,
                )
                for group in found
            ],
            alone=alone,
            defect_types=defect_types(session, asked.recipe),
        )


@router.get("/review/parts")
def get_parts(
    person: Operator,
    plant: PlantDep,
    id: Annotated[  # noqa: A002 - the name that the API's description shows
        list[ResultId], Query(min_length=1, max_length=_PARTS_ASKED)
    ],
) -> list[StoredResult]:
    """Parts by their ids, in this order, as queue and groups show them: without what was said of them."""
    del person
    with plant.database.read() as session:
        return _blind(session, [require_result(session, one) for one in id])


@router.get("/review/reviewers")
def get_reviewers(person: Inspector, plant: PlantDep, since: AwareDatetime | None = None) -> list[ReviewerMeasured]:
    """How well and how fast each person judges: on parts of known truth, beside second opinions, by the clock."""
    del person
    with plant.database.read() as session:
        return [ReviewerMeasured.model_validate(one) for one in reviewers(session, since)]


@router.get("/review/reviewers.csv", response_class=Response)
def get_reviewers_table(person: Inspector, plant: PlantDep, since: AwareDatetime | None = None) -> Response:
    """The same as CSV, a row for each person."""
    del person
    with plant.database.read() as session:
        return csv_answer("reviewers", REVIEWERS_HEAD, reviewer_rows(reviewers(session, since)))


@router.get("/results/{result_id}/beside")
def get_beside(result_id: str, person: Operator, plant: PlantDep) -> BesideResult:
    """What to look at beside a part: its other views, its history, alike faults, the most alike good part."""
    del person
    with plant.database.read() as session:
        found = beside(session, plant.blobs, plant.pictures, require_result(session, result_id))
        return BesideResult(
            views=result_views(session, found.views),
            history=result_views(session, found.history),
            alike=result_views(session, found.alike),
            good_sha256=found.good_sha256,
            golden=found.golden,
            picture_px=found.picture_px,
        )


@router.get("/results/{result_id}/golden", response_class=Response)
def get_golden(result_id: str, person: Operator, plant: PlantDep) -> Response:
    """The golden image of the bundle that judged a part, a grey PNG."""
    del person
    with plant.database.read() as session:
        return Response(golden_png(session, require_result(session, result_id)), media_type="image/png")


@router.get("/review/audit")
def get_escape_estimate(
    person: Operator, plant: PlantDep, recipe: str, since: AwareDatetime | None = None
) -> AuditReport:
    """Escapes and overkill with 95 % intervals, from parts drawn by chance; labels of other parts do not count."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        found = audit_estimates(session, recipe, since)
    bound = plant.audit.plan.escapes_at_most
    return AuditReport(
        recipe=recipe,
        since=since,
        plan=None if bound is None else _plan(bound),
        passes=AuditSide.model_validate(found.passes),
        fails=AuditSide.model_validate(found.fails),
        escape_rate=None if found.escape_rate is None else Estimate.model_validate(found.escape_rate),
        overkill_rate=None if found.overkill_rate is None else Estimate.model_validate(found.overkill_rate),
        escapes_at_most=found.escapes_at_most,
        shown=bound is not None and found.escapes_at_most is not None and found.escapes_at_most <= bound,
    )


@router.get("/review/audit/plan")
def get_audit_plan(
    person: Operator, escapes_at_most: Annotated[float, Query(ge=1e-6, lt=1, description="share of passed parts")]
) -> AuditPlan:
    """How many passed parts must be reviewed to show a bound."""
    del person
    return _plan(escapes_at_most)


@router.post("/labels", status_code=201)
def post_label(body: NewLabel, person: Inspector, plant: PlantDep) -> ShownLabel:
    """Say what is true of a part; `retracted` takes the person's label back."""
    with change(plant.database, person.name, plant.clock()) as doing:
        said = _decision(plant, doing, body)
        if body.from_queue and answer_check(doing.session, body.result_id, said, person.name, doing.now):
            doing.record("label.checked", result=body.result_id, label=body.label)
            return _echo(body, person.name, doing.now)
        row = add_label(doing.session, body.result_id, said, person.name, doing.now)
        doing.record("label.added", result=body.result_id, label=body.label, defect_type=row.defect_type)
        return ShownLabel.model_validate(row)


@router.post("/labels/batch", status_code=201)
def post_batch(body: NewBatchLabel, person: Inspector, plant: PlantDep) -> BatchLabelled:
    """Say the same of alike parts, of all of them or of none."""
    ids = list(dict.fromkeys(body.result_ids))
    took_s = None if body.took_s is None else body.took_s / len(ids)
    said = Decision(body.label, body.defect_type, took_s=took_s)
    with change(plant.database, person.name, plant.clock()) as doing:
        checked = answer_checks(doing.session, ids, said, person.name, doing.now) if body.from_queue else []
        added = [id_ for id_ in ids if id_ not in checked]
        for id_ in added:
            add_label(doing.session, id_, said, person.name, doing.now)
        if checked:
            doing.record("label.checked", results=checked, label=body.label)
        if added:
            doing.record("label.added", results=added, label=body.label, defect_type=body.defect_type)
    return BatchLabelled(labelled=len(ids))


def _decision(plant: Plant, doing: Change, body: NewLabel) -> Decision:
    mask = None
    if body.mask_png_base64 is not None:
        mask = keep_mask(doing.session, plant.blobs, body.result_id, body.mask_png_base64, doing.now)
    return Decision(body.label, body.defect_type, body.comment, mask, body.took_s)


def _echo(body: NewLabel, user: str, now: datetime) -> ShownLabel:
    """The answer to a part of known truth is no other than that to a waiting one."""
    defect_type = body.defect_type if body.label is Label.DEFECT else None
    return ShownLabel(
        user=user, label=body.label, defect_type=defect_type, comment=body.comment, mask_sha256=None, created_at=now
    )


def _shown(session: Session, rows: Sequence[ResultRow], wanted: Wanted) -> list[StoredResult]:
    return _blind(session, rows) if wanted.state is LabelState.WAITING else result_views(session, rows)


def _blind(session: Session, rows: Sequence[ResultRow]) -> list[StoredResult]:
    """A second opinion is one only if the first is not shown."""
    return [view.model_copy(update={"labels": [], "rulings": []}) for view in result_views(session, rows)]


def _plan(escapes_at_most: float) -> AuditPlan:
    return AuditPlan(escapes_at_most=escapes_at_most, confidence=CONFIDENCE, parts_needed=parts_needed(escapes_at_most))
