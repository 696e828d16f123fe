"""The gate as the last step of every job that makes a bundle."""

from pathlib import Path
from typing import Any

from edge.contract.errors import DataInvalid, JobFailed
from inspection.jobs.book import require_job
from inspection.jobs.commands import GateOrder
from inspection.jobs.replay import lay_out_replay
from inspection.jobs.shop import Ticket, Workshop, read_report, run_models
from inspection.registry.flips import Flip, add_flips, read_flips
from inspection.registry.gates import add_gate

__all__ = ["GATE_STARTS", "judge"]

GATE_STARTS = 0.85  # of a job's progress


def judge(
    shop: Workshop, ticket: Ticket, bundle_id: str, holdout: Path, champion: str | None, *, quick: bool = False
) -> dict[str, Any]:
    """Run the gate for a registered bundle and keep what it says.

    Args:
        shop: of the plant.
        ticket: of the job.
        bundle_id: of the challenger.
        holdout: folder of the frozen hold-out.
        champion: bundle to beat; None before the first promotion.
        quick: neither compare on the newest parts of the line nor write a report.

    Raises:
        DataInvalid: nothing is held out yet.
        JobFailed: the command answered an error.
        JobCancelled: it was stopped.
    """
    ticket.desk.span(GATE_STARTS, 1.0)
    ticket.desk.report(0.0, "comparing with the champion on the hold-out")
    order = _gate_order(shop, ticket, bundle_id, holdout, champion, quick=quick)
    try:
        evaluation = read_report(run_models(shop, ticket, shop.commands.gate(order), {0, 1}))
    except JobFailed as error:
        if any(path.is_file() for path in (holdout / "test").rglob("*")):
            raise
        raise DataInvalid(
            f"recipe {ticket.recipe!r}: the hold-out has no picture yet, so the gate cannot judge bundle "
            f"{bundle_id[:12]}; add good parts, of which one in five is held out, then run the gate for it"
        ) from error
    if not isinstance(evaluation.get("passed"), bool):
        raise JobFailed(f"gate: expected `passed` in its report, got {sorted(evaluation)}")
    flips = [] if order.flips is None else _flips(order.flips)
    if order.report is not None and order.report.exists():
        shop.bundles.keep_report(order.report, bundle_id)
    with shop.database.write() as session:
        started = require_job(session, ticket.id).started_at
        gate = add_gate(session, bundle_id, champion, evaluation, shop.clock(), started)
        add_flips(session, gate.id, flips)
    return evaluation


def _gate_order(
    shop: Workshop, ticket: Ticket, bundle_id: str, holdout: Path, champion: str | None, *, quick: bool
) -> GateOrder:
    bundle = shop.bundles.path(bundle_id)
    report = None if quick else ticket.folder / "report.html"
    if champion is None or champion == bundle_id:
        return GateOrder(bundle, holdout, shop.trust, None, report=report, scores=shop.scores)
    return GateOrder(
        bundle,
        holdout,
        shop.trust,
        champion=shop.bundles.path(champion),
        replay=None if quick else _parts_of_the_line(shop, ticket),
        flips=ticket.folder / "flips.jsonl",
        report=report,
        scores=shop.scores,
        max_slowdown=shop.max_slowdown,
    )


def _parts_of_the_line(shop: Workshop, ticket: Ticket) -> Path:
    ticket.desk.report(0.0, "collecting parts of the line")
    with shop.database.read() as session:
        return lay_out_replay(session, shop.blobs, ticket.recipe, shop.replay_parts, ticket.folder / "replay")


def _flips(path: Path) -> list[Flip]:
    try:
        return read_flips(path)
    except (OSError, ValueError) as error:
        raise JobFailed(f"gate: expected the parts on which the two disagree in {path.name}: {error}") from error
