"""What every kind of job works with, and how it runs a command of `models`."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.contract.errors import JobFailed
from inspection.clock import Clock
from inspection.jobs.book import require_job
from inspection.jobs.command import Command
from inspection.jobs.commands import ModelCommands
from inspection.jobs.desk import Desk
from inspection.jobs.ray_order import FROM_WORKER, MADE_BY, ORDER
from inspection.jobs.runner import Finished, JobRunner
from inspection.registry.bundles import BundleFiles, register
from inspection.store.blobs import BlobStore
from inspection.store.database import Database

__all__ = ["Ticket", "Workshop", "keep_made", "read_report", "run_models", "tidy"]


@dataclass(frozen=True)
class Workshop:
    """What every job works with.

    Attributes:
        replay_parts: newest parts of the line that the gate compares on.
        max_slowdown: of a challenger's session against the champion's; None judges it not.
        features: folder in which trainings keep features of images; it may be deleted at any time.
        features_mib: what it may grow to; 0 keeps none.
        scores: folder in which gates keep what bundles gave to images; it may be deleted at any time. None keeps none.
        neighbour_s: seconds around a held-out part of which nothing is learnt; 0 leaves nothing out.
        acceptances_promote: whether what was accepted runs as soon as the gate passed it.
    """

    database: Database
    blobs: BlobStore
    bundles: BundleFiles
    commands: ModelCommands
    runner: JobRunner
    key_file: Path
    trust: str
    clock: Clock
    replay_parts: int
    max_slowdown: float | None
    features: Path
    features_mib: int
    scores: Path | None
    neighbour_s: float
    acceptances_promote: bool


@dataclass(frozen=True)
class Ticket:
    """One job: what it is for and where it works.

    Attributes:
        made: what it had made, with `bundle_id`, when the service ended amid it; None: it begins at the beginning.
    """

    id: str
    recipe: str
    parameters: dict[str, Any]
    folder: Path
    desk: Desk
    made: dict[str, Any] | None = None


def run_models(shop: Workshop, ticket: Ticket, command: Command, allowed: set[int]) -> Finished:
    """Run a command of `models` to its end.

    Raises:
        JobFailed: it ended with another exit code than those allowed.
        JobCancelled: it was stopped.
    """
    desk = ticket.desk
    finished = shop.runner.run(command, ticket.folder, desk.line, desk.cancelled)
    if finished.exit_code not in allowed:
        said = desk.last_words[-1] if desk.last_words else "it said nothing; see the log"
        raise JobFailed(f"training process ended with code {finished.exit_code}: {said}")
    return finished


def read_report(finished: Finished) -> dict[str, Any]:
    """The JSON object on a command's last line.

    Raises:
        JobFailed: there is none.
    """
    try:
        report = json.loads(finished.last_line)
    except ValueError as error:
        raise JobFailed(f"expected JSON as the last line of stdout, got {finished.last_line[:200]!r}") from error
    if not isinstance(report, dict):
        raise JobFailed(f"expected a JSON object as the last line of stdout, got {finished.last_line[:200]!r}")
    return report


def keep_made(shop: Workshop, ticket: Ticket, bundle: Path, summary: dict[str, Any], origin: str) -> dict[str, Any]:
    """Register what a job has made and write it down with the job, both or neither: started again, it goes on there.

    Returns:
        `summary` with `bundle_id` instead of the path, which is one in the job's folder.

    Raises:
        BundleRefused: corrupt, unsigned, too new, or for another recipe; nothing is kept.
    """
    with shop.database.write() as session:
        row = register(session, shop.bundles, bundle, recipe=ticket.recipe, origin=origin, now=shop.clock())
        made = {**{name: value for name, value in summary.items() if name != "bundle"}, "bundle_id": row.id}
        require_job(session, ticket.id).result = made
    return made


def tidy(folder: Path) -> None:
    """What is left is the log; images are in the store, the bundle in the registry."""
    for name in ("data", "known", "replay", "accepted", FROM_WORKER):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("*.bundle", "*.partial", "flips.jsonl", "report.html", "golden.*", "ignored.*", ORDER, MADE_BY):
        for path in folder.glob(pattern):
            path.unlink()
