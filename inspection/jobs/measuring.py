"""Jobs that measure a bundle of the registry and make none: on the frozen hold-out, or on parts of the line.

Neither is evidence for a promotion; that is the gate's, which does both against today's champion.
"""

from typing import Any

from edge.contract.errors import DataInvalid, JobFailed
from inspection.jobs.commands import EvaluateOrder, ReplayOrder
from inspection.jobs.material import lay_out
from inspection.jobs.replay import lay_out_replay
from inspection.jobs.shop import Ticket, Workshop, read_report, run_models, tidy
from inspection.registry.bundles import require_bundle
from inspection.registry.flips import read_flips
from inspection.samples.neighbours import without_neighbours
from inspection.samples.samples import samples_of
from inspection.samples.splits import Split
from inspection.samples.versions import record_version

__all__ = ["run_evaluate", "run_replay"]

_MOST_FLIPS = 50  # that a job keeps one by one; their number is always whole


def run_evaluate(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """A bundle on the frozen hold-out, by itself; its report takes the place of the one before.

    Returns:
        `bundle_id`, `evaluation` (as the command tells it) and `data_version`.

    Raises:
        NotFound: no such bundle.
        DataInvalid: the hold-out is empty.
        JobFailed: the command answered an error.
        JobCancelled: it was stopped.
    """
    bundle_id = str(ticket.parameters["bundle_id"])
    ticket.desk.report(0.0, "collecting samples")
    with shop.database.read() as session:
        require_bundle(session, bundle_id)
        samples = without_neighbours(session, ticket.recipe, samples_of(session, ticket.recipe), shop.neighbour_s)
        held = [sample for sample in samples if sample.split is Split.HOLDOUT]
        if not held:
            raise DataInvalid(
                f"recipe {ticket.recipe!r}: the hold-out has no picture yet, there is nothing to evaluate on"
            )
        holdout = lay_out(session, shop.blobs, held, ticket.folder).holdout
    with shop.database.write() as session:
        version = record_version(session, ticket.recipe, samples, shop.clock())
    report = ticket.folder / "report.html"
    order = EvaluateOrder(shop.bundles.path(bundle_id), holdout, shop.trust, report)
    evaluation = read_report(run_models(shop, ticket, shop.commands.evaluate(order), {0}))
    if report.exists():
        shop.bundles.keep_report(report, bundle_id)
    tidy(ticket.folder)
    told = {name: value for name, value in evaluation.items() if name not in {"bundle", "bundle_id", "report"}}
    return {"bundle_id": bundle_id, "evaluation": told, "data_version": version}


def run_replay(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """The newest parts of the line by a bundle and by another one.

    Returns:
        `bundle_id`, `against`, `replayed` (verdict by verdict, and how both score), the number of `flips`, the first of
        them as `flipped`, and of the `labelled` parts how many only the bundle gets right (`better`) or only the other
        one (`worse`).

    Raises:
        NotFound: no such bundle.
        DataInvalid: no picture of a part of the line is kept.
        JobFailed: the command answered an error.
        JobCancelled: it was stopped.
    """
    bundle_id, against = str(ticket.parameters["bundle_id"]), str(ticket.parameters["against"])
    ticket.desk.report(0.0, "collecting parts of the line")
    with shop.database.read() as session:
        for wanted in (bundle_id, against):
            require_bundle(session, wanted)
        parts = int(ticket.parameters["parts"])
        folder = lay_out_replay(session, shop.blobs, ticket.recipe, parts, ticket.folder / "replay")
    if not (folder / "parts.jsonl").read_text("utf-8"):
        raise DataInvalid(
            f"recipe {ticket.recipe!r}: no picture of a part of the line is kept, there is nothing to replay"
        )
    flips = ticket.folder / "flips.jsonl"
    paths = shop.bundles.path(bundle_id), shop.bundles.path(against)
    order = ReplayOrder(paths[0], folder, shop.trust, paths[1], flips)
    told = read_report(run_models(shop, ticket, shop.commands.replay(order), {0}))
    try:
        flipped = [flip.model_dump(mode="json") for flip in read_flips(flips)[:_MOST_FLIPS]]
    except (OSError, ValueError) as error:
        raise JobFailed(f"replay: expected the parts on which the two disagree in {flips.name}: {error}") from error
    tidy(ticket.folder)
    return {**told, "flipped": flipped}
