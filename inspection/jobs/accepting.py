"""Accept as good: the champion with what people accepted, in seconds, and new models with the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.contract.errors import GateRefused, JobFailed
from inspection.audit.change import change
from inspection.jobs.commands import AcceptOrder
from inspection.jobs.judging import GATE_STARTS, judge
from inspection.jobs.material import Material, lay_out, lay_out_pictures
from inspection.jobs.shop import Ticket, Workshop, keep_made, read_report, run_models, tidy
from inspection.learning.acceptances import accepted_frames, refuse, require_acceptance
from inspection.registry.promotions import champion_of, promote
from inspection.samples.neighbours import without_neighbours
from inspection.samples.samples import samples_of
from inspection.samples.splits import Split

__all__ = ["run_accept", "with_accepted"]

_OK, _NO, _BAD_INPUT = 0, 1, 2


@dataclass(frozen=True)
class _Laid:
    """What a job works on: folders, and the champion."""

    material: Material
    accepted: Path | None
    champion: str


def run_accept(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """Teach the champion all that stands accepted, register, gate; promote if the settings say so.

    The gate does not replay parts of the line, which takes minutes: what is not alike to accepted parts is judged as
    before, and every known defect has been judged again (decision 0042).

    Returns:
        The command's summary, with `gate` and `promoted`.

    Raises:
        GateRefused: a known defect would be lost; the acceptance stands no longer, its labels do.
        JobFailed: a command answered an error, or there is nothing to teach.
        JobCancelled: it was stopped.
    """
    ticket.desk.span(0.0, GATE_STARTS)
    ticket.desk.report(0.0, "collecting accepted parts")
    laid = _lay_out(shop, ticket)
    made = ticket.made or _make(shop, ticket, laid)
    bundle_id = str(made["bundle_id"])
    gate = judge(shop, ticket, bundle_id, laid.material.holdout, laid.champion, quick=True)
    tidy(ticket.folder)
    if not gate["passed"]:
        _refuse(shop, ticket)
    promoted = bool(gate["passed"]) and shop.acceptances_promote
    if promoted and laid.champion != bundle_id:  # the same if the service ended right after it had promoted
        _promote(shop, ticket, bundle_id)
    return {**made, "gate": gate, "promoted": promoted}


def _make(shop: Workshop, ticket: Ticket, laid: _Laid) -> dict[str, Any]:
    if laid.accepted is None:
        raise JobFailed("accept: all that was accepted is held out or was taken beside what is, which teaches nothing")
    out = ticket.folder / "model.bundle"
    try:
        summary = _teach(shop, ticket, shop.bundles.path(laid.champion), laid.accepted, laid.material.defects, out)
    except GateRefused:
        _refuse(shop, ticket)
        raise
    return keep_made(shop, ticket, out, summary, "accept")


def with_accepted(shop: Workshop, ticket: Ticket, trained: Path, defects: Path | None) -> tuple[Path, dict[str, Any]]:
    """A trained bundle with what stands accepted, and what to tell of it; the bundle as it is where it refuses."""
    with shop.database.read() as session:
        frames = accepted_frames(session, ticket.recipe, shop.neighbour_s)
        if not frames:
            return trained, {}
        pictures = lay_out_pictures(session, shop.blobs, frames, ticket.folder / "accepted")
    ticket.desk.report(1.0, "accepting what was accepted before")
    out = ticket.folder / "accepting.bundle"
    try:
        return out, {"accepted": _teach(shop, ticket, trained, pictures, defects, out)}
    except GateRefused as error:
        return trained, {"accepted": {"refused": str(error)}}


def _lay_out(shop: Workshop, ticket: Ticket) -> _Laid:
    with shop.database.read() as session:
        champion = champion_of(session, ticket.recipe)
        if champion is None:
            raise JobFailed(f"recipe {ticket.recipe!r}: no model runs that could learn to accept")
        samples = without_neighbours(session, ticket.recipe, samples_of(session, ticket.recipe), shop.neighbour_s)
        known = [sample for sample in samples if sample.split is Split.HOLDOUT or sample.truth.defect_type is not None]
        material = lay_out(session, shop.blobs, known, ticket.folder)
        frames = accepted_frames(session, ticket.recipe, shop.neighbour_s)
        pictures = ticket.folder / "accepted"
        accepted = lay_out_pictures(session, shop.blobs, frames, pictures) if frames else None
    return _Laid(material, accepted, champion)


def _teach(
    shop: Workshop, ticket: Ticket, bundle: Path, accepted: Path, defects: Path | None, out: Path
) -> dict[str, Any]:
    """The command's summary.

    Raises:
        GateRefused: it wrote no bundle; with its last words.
    """
    order = AcceptOrder(bundle, accepted, defects, out, shop.key_file, shop.trust)
    finished = run_models(shop, ticket, shop.commands.accept(order), {_OK, _NO, _BAD_INPUT})
    if finished.exit_code == _OK:
        return read_report(finished)
    raise GateRefused(ticket.desk.last_words[-1] if ticket.desk.last_words else "it said nothing; see the log")


def _refuse(shop: Workshop, ticket: Ticket) -> None:
    with shop.database.write() as session:
        refuse(session, str(ticket.parameters["acceptance_id"]), shop.clock())


def _promote(shop: Workshop, ticket: Ticket, bundle_id: str) -> None:
    """In the name of the person who accepted."""
    with shop.database.read() as session:
        row = require_acceptance(session, ticket.recipe, str(ticket.parameters["acceptance_id"]))
        user, reason = row.user, row.reason
    with change(shop.database, user, shop.clock()) as doing:
        promote(doing.session, ticket.recipe, bundle_id, reason=f"accepted: {reason}", user=user, now=doing.now)
        doing.record("model.promoted", recipe=ticket.recipe, bundle=bundle_id, reason=reason)
