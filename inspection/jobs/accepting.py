"""Accept as good: the champion with what people accepted, in seconds, and new models with the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, DataInvalid, GateRefused, JobCancelled, JobFailed, NothingToAccept
from inspection.audit.change import change
from inspection.jobs.book import JobKind, add_job, require_job
from inspection.jobs.commands import AcceptOrder
from inspection.jobs.judging import GATE_STARTS, judge
from inspection.jobs.material import Material, lay_out, lay_out_pictures
from inspection.jobs.shop import Ticket, Workshop, keep_made, read_report, run_models, tidy
from inspection.learning.acceptances import (
    FORGETS,
    accepted_frames,
    refuse,
    require_acceptance,
    standing_acceptances,
    standing_frames,
    taught_by,
)
from inspection.registry.gates import unseen_by_gate
from inspection.registry.promotions import champion_of, promote
from inspection.samples.samples import Sample, samples_of
from inspection.samples.splits import Split

__all__ = ["run_accept", "with_accepted"]

_OK, _NO, _BAD_INPUT = 0, 1, 2


@dataclass(frozen=True)
class _Laid:
    """What a job works on: folders, the champion, and of each acceptance that stands the pictures to teach."""

    material: Material
    accepted: Path | None
    champion: str
    standing: dict[str, list[str]]


def run_accept(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """Teach the champion all that stands accepted, and nothing else, register, gate; promote if the settings say so.

    The gate does not replay parts of the line, which takes minutes: what is not alike to accepted parts is judged as
    before, and every known defect has been judged again (decision 0042).

    What was undone meanwhile is not promoted: a job of its own makes the champion of what stands then.

    Returns:
        The command's summary, with `acceptances` (ids of those that it was taught), `accepted_parts` (of each, how many
        it was taught and how many of these pass), `gate` and `promoted`; or `nothing_to_teach`, and no bundle, if the
        champion passes all of them as it was trained; or `only_tests`, and no bundle, if all that was accepted is held
        out or was taken beside what is; or `nothing_to_forget`, if it was never taught what is left out.

    Raises:
        GateRefused: a known defect would be lost, or none would pass; the acceptance stands no longer, its labels do.
        DataInvalid: a picture cannot be read.
        JobFailed: a command answered an error.
        JobCancelled: it was stopped, or what it teaches was undone.
    """
    ticket.desk.span(0.0, GATE_STARTS)
    ticket.desk.report(0.0, "collecting accepted parts")
    if _is_forgotten(shop, ticket):
        return {"nothing_to_forget": True, "acceptances": [], "promoted": False}
    laid = _lay_out(shop, ticket)
    if laid.accepted is None and FORGETS not in ticket.parameters and ticket.made is None:
        tidy(ticket.folder)
        return {"only_tests": True, "acceptances": [], "promoted": False}
    try:
        made = ticket.made or _make(shop, ticket, laid)
    except NothingToAccept:
        tidy(ticket.folder)
        return {"nothing_to_teach": True, "acceptances": [], "promoted": False}
    bundle_id = str(made["bundle_id"])
    gate = judge(shop, ticket, bundle_id, laid.material.holdout, laid.champion, quick=True)
    tidy(ticket.folder)
    if not gate["passed"]:
        _refuse(shop, ticket)
    promoted = bool(gate["passed"]) and shop.acceptances_promote
    if laid.champion != bundle_id:  # the same if the service ended right after it had promoted
        promoted = _settle(shop, ticket, made, promotes=promoted)
    return {**made, "gate": gate, "promoted": promoted}


def _is_forgotten(shop: Workshop, ticket: Ticket) -> bool:
    """Whether the champion of now was never taught what this job leaves out: somebody went back meanwhile."""
    if FORGETS not in ticket.parameters or ticket.made is not None:
        return False
    with shop.database.read() as session:
        champion, standing = champion_of(session, ticket.recipe), standing_acceptances(session, ticket.recipe)
        return champion is not None and taught_by(session, ticket.recipe, champion) <= set(standing)


def _make(shop: Workshop, ticket: Ticket, laid: _Laid) -> dict[str, Any]:
    forgets = FORGETS in ticket.parameters
    out, champion, taught = ticket.folder / "model.bundle", shop.bundles.path(laid.champion), laid.standing
    order = AcceptOrder(champion, laid.accepted, laid.material.defects, out, shop.key_file, shop.trust)
    try:
        summary = _teach(shop, ticket, order)
    except (GateRefused, DataInvalid) as error:
        if not forgets or laid.accepted is None:
            if isinstance(error, GateRefused):
                _refuse(shop, ticket)
            raise
        # What was undone must go, whether or not the others can be taught without it.
        summary, taught = _teach(shop, ticket, replace(order, accepted=None, defects=None)), {}
    return keep_made(shop, ticket, out, {**summary, **_told(summary, taught)}, "accept")


def _told(summary: dict[str, Any], taught: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Which acceptances a bundle was taught, and of each how many of its parts, and how many of these pass now."""
    failing = {Path(name).stem for told in ("still_failing", "not_judged") for name in summary.get(told, ())}
    parts = {
        id_: {"parts": len(frames), "passing": len(set(frames) - failing)} for id_, frames in taught.items() if frames
    }
    return {"acceptances": sorted(taught), "accepted_parts": parts}


def with_accepted(shop: Workshop, ticket: Ticket, trained: Path, champion: str | None) -> tuple[Path, dict[str, Any]]:
    """A trained bundle with what stands accepted, and what to tell of it; the bundle as it is where it refuses.

    It follows the champion as the trained one does, which nobody gets to see.
    """
    with shop.database.read() as session:
        frames = accepted_frames(session, ticket.recipe, shop.neighbour_s)
        if not frames:
            return trained, {}
        standing = standing_frames(session, ticket.recipe, frames)
        pictures = lay_out_pictures(session, shop.blobs, frames, ticket.folder / "accepted")
        known = [sample for sample in samples_of(session, ticket.recipe) if _is_known_defect(sample)]
        defects = lay_out(session, shop.blobs, known, ticket.folder / "known").defects
    ticket.desk.report(1.0, "accepting what was accepted before")
    out = ticket.folder / "accepting.bundle"
    try:
        order = AcceptOrder(trained, pictures, defects, out, shop.key_file, shop.trust, parent=champion)
        summary = _teach(shop, ticket, order)
    except NothingToAccept as error:
        return trained, {"accepted": {"nothing_to_teach": str(error)}}
    except (GateRefused, DataInvalid) as error:
        return trained, {"accepted": {"refused": str(error)}}
    return out, {"accepted": summary, **_told(summary, standing)}


def _lay_out(shop: Workshop, ticket: Ticket) -> _Laid:
    with shop.database.read() as session:
        champion = champion_of(session, ticket.recipe)
        if champion is None:
            raise JobFailed(f"recipe {ticket.recipe!r}: no model runs that could learn to accept")
        samples = samples_of(session, ticket.recipe)
        known = [sample for sample in samples if sample.split is Split.HOLDOUT or _is_known_defect(sample)]
        material = lay_out(session, shop.blobs, known, ticket.folder)
        frames = accepted_frames(session, ticket.recipe, shop.neighbour_s)
        standing = standing_frames(session, ticket.recipe, frames)
        pictures = ticket.folder / "accepted"
        accepted = lay_out_pictures(session, shop.blobs, frames, pictures) if frames else None
    return _Laid(material, accepted, champion, standing)


def _is_known_defect(sample: Sample) -> bool:
    """Whether no acceptance may lose it: all that is not held out, also beside what is, and whatever trainings take."""
    return sample.split is Split.TRAIN and sample.truth.defect_type is not None


def _teach(shop: Workshop, ticket: Ticket, order: AcceptOrder) -> dict[str, Any]:
    """The command's summary.

    Raises:
        GateRefused: it wrote no bundle, for a known defect would be lost or none would pass; with its last words.
        NothingToAccept: nor did it here: the bundle passes all of them.
        DataInvalid: nor here: what it was given cannot be used.
    """
    finished = run_models(shop, ticket, shop.commands.accept(order), {_OK, _NO, _BAD_INPUT})
    if finished.exit_code == _OK:
        return read_report(finished)
    said = ticket.desk.last_words[-1] if ticket.desk.last_words else "it said nothing; see the log"
    if finished.exit_code == _NO:
        raise GateRefused(said)
    raise NothingToAccept(said) if finished.last_line else DataInvalid(said)


def _refuse(shop: Workshop, ticket: Ticket) -> None:
    """End the acceptance that is taught; a job that leaves one out ends none."""
    if "acceptance_id" in ticket.parameters:
        with shop.database.write() as session:
            refuse(session, str(ticket.parameters["acceptance_id"]), shop.clock())


def _settle(shop: Workshop, ticket: Ticket, made: dict[str, Any], *, promotes: bool) -> bool:
    """Promote what was made, or teach it again if some of it was undone meanwhile; answers whether it runs.

    In the name of the person who accepted, or undid it.
    """
    with shop.database.read() as session:
        reason = require_acceptance(session, ticket.recipe, _about(ticket)).reason
        user, undone = require_job(session, ticket.id).user, _is_undone(session, ticket.recipe, made)
    if not promotes and not undone:
        return False
    try:
        return _promote_or_repeat(shop, ticket, made, user, reason)
    except Conflict as error:  # a rollout is under way, or the champion is another one by now: a person decides
        ticket.desk.line(f"not promoted: {error}")
        return False


def _promote_or_repeat(shop: Workshop, ticket: Ticket, made: dict[str, Any], user: str, reason: str) -> bool:
    with change(shop.database, user, shop.clock()) as doing:
        if require_job(doing.session, ticket.id).cancel_requested:
            raise JobCancelled("it was undone while it was taught")
        if _is_undone(doing.session, ticket.recipe, made):
            again = add_job(doing.session, JobKind.ACCEPT, ticket.recipe, ticket.parameters, user, doing.now)
            doing.record("job.created", job=again.id, kind=again.kind, recipe=ticket.recipe)
            return False
        said = f"{'undone' if FORGETS in ticket.parameters else 'accepted'}: {reason}"
        bundle_id = str(made["bundle_id"])
        promote(doing.session, ticket.recipe, bundle_id, reason=said, user=user, now=doing.now)
        told = unseen_by_gate(doing.session, ticket.recipe, bundle_id)
        doing.record("model.promoted", recipe=ticket.recipe, bundle=bundle_id, reason=reason, **told)
    return True


def _is_undone(session: Session, recipe: str, made: dict[str, Any]) -> bool:
    """Whether something that a bundle was taught stands no longer."""
    return not set(made.get("acceptances", ())) <= set(standing_acceptances(session, recipe))


def _about(ticket: Ticket) -> str:
    """Id of the acceptance that is taught or left out."""
    return str(ticket.parameters.get("acceptance_id") or ticket.parameters[FORGETS])
