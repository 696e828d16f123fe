"""What the kinds of job do, step by step."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from edge.contract.errors import JobFailed
from inspection.clock import Clock
from inspection.jobs.commands import GateOrder, ModelCommands, ThresholdOrder, TrainOrder
from inspection.jobs.desk import Desk
from inspection.jobs.material import Material, lay_out, require_trainable
from inspection.jobs.recipe import training_options
from inspection.jobs.replay import lay_out_replay
from inspection.jobs.runner import Finished, JobRunner
from inspection.registry.bundles import BundleFiles, register, require_bundle
from inspection.registry.flips import Flip, add_flips, read_flips
from inspection.registry.gates import add_gate
from inspection.registry.origin import training_of
from inspection.registry.promotions import champion_of
from inspection.registry.recipe_settings import RecipeSettings
from inspection.registry.recipe_versions import require_version, settings_of
from inspection.samples.samples import Sample, samples_of
from inspection.samples.splits import Split
from inspection.store.blobs import BlobStore
from inspection.store.database import Database
from inspection.store.images import EXTENSIONS, image_row

__all__ = ["Ticket", "Workshop", "run_gate", "run_threshold", "run_train"]

_GATE_STARTS = 0.85


@dataclass(frozen=True)
class Workshop:
    """What every job works with.

    Attributes:
        replay_parts: newest parts of the line that the gate compares on.
        max_slowdown: of a challenger's session against the champion's; None judges it not.
        features: folder in which trainings keep features of images; it may be deleted at any time.
        features_mib: what it may grow to; 0 keeps none.
    """

    database: Database
    blobs: BlobStore
    bundles: BundleFiles
    commands: ModelCommands
    runner: JobRunner
    key_file: Path
    public_key: str
    clock: Clock
    replay_parts: int
    max_slowdown: float | None
    features: Path
    features_mib: int


@dataclass(frozen=True)
class Ticket:
    """One job: what it is for and where it works."""

    recipe: str
    parameters: dict[str, Any]
    folder: Path
    desk: Desk


def run_train(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """Samples to folders, train, register, gate.

    The bundle is registered before the gate runs, so that training is not lost if the gate breaks; it cannot be
    promoted until the gate has passed.

    Returns:
        The command's summary, with `gate`.

    Raises:
        DataInvalid: nothing to train on.
        JobFailed: a command answered an error.
        JobCancelled: it was stopped.
    """
    ticket.desk.span(0.0, _GATE_STARTS)
    ticket.desk.report(0.0, "collecting samples")
    material, champion = _prepare(shop, ticket)
    out = ticket.folder / "model.bundle"
    like, options = _asked(shop, ticket, champion)
    features = shop.features if shop.features_mib else None
    order = TrainOrder(
        *(ticket.recipe, material.data, out, shop.key_file, material.defects, champion, like, options),
        features=features,
        features_mib=shop.features_mib,
    )
    summary = _report(_run(shop, ticket, shop.commands.train(order), {0}))
    with shop.database.write() as session:
        bundle = register(session, shop.bundles, out, recipe=ticket.recipe, origin="job", now=shop.clock())
        bundle_id = bundle.id
    gate = _gate(shop, ticket, bundle_id, material.holdout, champion)
    _tidy(ticket.folder)
    summary.pop("bundle", None)  # a path in the job's folder, which is empty now
    return {**summary, "bundle_id": bundle_id, "gate": gate}


def run_gate(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """The gate for a bundle that is registered, against today's champion.

    Raises:
        NotFound: no such bundle.
        JobFailed: the command answered an error.
        JobCancelled: it was stopped.
    """
    bundle_id = str(ticket.parameters["bundle_id"])
    with shop.database.read() as session:
        require_bundle(session, bundle_id)
    material, champion = _prepare(shop, ticket)
    gate = _gate(shop, ticket, bundle_id, material.holdout, champion)
    _tidy(ticket.folder)
    return {"bundle_id": bundle_id, "gate": gate}


def run_threshold(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """A registered bundle with another threshold as a version of its own, then the gate.

    Returns:
        What the threshold does and did on the held-out parts, the new `bundle_id`, and `gate`.

    Raises:
        NotFound: no such bundle.
        JobFailed: the command answered an error.
        JobCancelled: it was stopped.
    """
    told = ticket.parameters
    with shop.database.read() as session:
        require_bundle(session, str(told["bundle_id"]))
    material, champion = _prepare(shop, ticket)
    out, source = ticket.folder / "model.bundle", shop.bundles.path(str(told["bundle_id"]))
    order = ThresholdOrder(source, out, shop.key_file, shop.public_key, told["at"], told["undecided_from"])
    summary = _report(_run(shop, ticket, shop.commands.threshold(order), {0}))
    with shop.database.write() as session:
        row = register(session, shop.bundles, out, recipe=ticket.recipe, origin="threshold", now=shop.clock())
        bundle_id = row.id
    gate = _gate(shop, ticket, bundle_id, material.holdout, champion)
    _tidy(ticket.folder)
    return {"now": summary["now"], "then": summary["then"], "bundle_id": bundle_id, "gate": gate}


def _asked(shop: Workshop, ticket: Ticket, champion: str | None) -> tuple[Path | None, tuple[str, ...]]:
    """The bundle to train like, and the options of the recipe's version.

    The champion is followed as long as the version says of the input what its own version said.
    """
    with shop.database.read() as session:
        wanted = _settings(session, ticket.recipe, ticket.parameters)
        follows = champion is not None and wanted.geometry == _settings_behind(session, champion).geometry

        def export(digest: str, name: str) -> Path:
            path = ticket.folder / f"{name}.{EXTENSIONS.get(image_row(session, digest).media_type, 'bin')}"
            shop.blobs.export(digest, path)
            return path

        options = tuple(training_options(wanted, export, like_champion=follows))
    return (shop.bundles.path(champion) if champion is not None and follows else None), options


def _settings(session: Session, recipe: str, parameters: dict[str, Any]) -> RecipeSettings:
    number = parameters.get("recipe_version")
    return settings_of(None if number is None else require_version(session, recipe, int(number)))


def _settings_behind(session: Session, bundle_id: str) -> RecipeSettings:
    """Of the version that a bundle was trained by; the defaults if it was made elsewhere."""
    training = training_of(session, require_bundle(session, bundle_id))
    return RecipeSettings() if training is None else _settings(session, training.recipe, training.parameters)


def _prepare(shop: Workshop, ticket: Ticket) -> tuple[Material, str | None]:
    with shop.database.read() as session:
        samples = [sample for sample in samples_of(session, ticket.recipe) if _wanted(ticket, sample)]
        if "bundle_id" not in ticket.parameters:
            require_trainable(samples, ticket.recipe)
        return lay_out(session, shop.blobs, samples, ticket.folder), champion_of(session, ticket.recipe)


def _wanted(ticket: Ticket, sample: Sample) -> bool:
    """Defects are always tested on; whether they are trained on is the order's choice."""
    is_training_defect = sample.split is Split.TRAIN and sample.truth.defect_type is not None
    return not is_training_defect or bool(ticket.parameters.get("use_defects", True))


def _gate(shop: Workshop, ticket: Ticket, bundle_id: str, holdout: Path, champion: str | None) -> dict[str, Any]:
    ticket.desk.span(_GATE_STARTS, 1.0)
    ticket.desk.report(0.0, "comparing with the champion on the hold-out")
    order = _gate_order(shop, ticket, bundle_id, holdout, champion)
    evaluation = _report(_run(shop, ticket, shop.commands.gate(order), {0, 1}))
    if not isinstance(evaluation.get("passed"), bool):
        raise JobFailed(f"gate: expected `passed` in its report, got {sorted(evaluation)}")
    flips = [] if order.flips is None else _flips(order.flips)
    with shop.database.write() as session:
        gate = add_gate(session, bundle_id, champion, evaluation, shop.clock())
        add_flips(session, gate.id, flips)
    return evaluation


def _gate_order(shop: Workshop, ticket: Ticket, bundle_id: str, holdout: Path, champion: str | None) -> GateOrder:
    bundle = shop.bundles.path(bundle_id)
    if champion is None or champion == bundle_id:
        return GateOrder(bundle, holdout, shop.public_key, None)
    ticket.desk.report(0.0, "collecting parts of the line")
    with shop.database.read() as session:
        replay = lay_out_replay(session, shop.blobs, ticket.recipe, shop.replay_parts, ticket.folder / "replay")
    return GateOrder(
        bundle,
        holdout,
        shop.public_key,
        champion=shop.bundles.path(champion),
        replay=replay,
        flips=ticket.folder / "flips.jsonl",
        max_slowdown=shop.max_slowdown,
    )


def _flips(path: Path) -> list[Flip]:
    try:
        return read_flips(path)
    except (OSError, ValueError) as error:
        raise JobFailed(f"gate: expected the parts on which the two disagree in {path.name}: {error}") from error


def _run(shop: Workshop, ticket: Ticket, argv: Sequence[str], allowed: set[int]) -> Finished:
    desk = ticket.desk
    finished = shop.runner.run(argv, ticket.folder, desk.line, desk.cancelled)
    if finished.exit_code not in allowed:
        said = desk.last_words[-1] if desk.last_words else "it said nothing; see the log"
        raise JobFailed(f"training process ended with code {finished.exit_code}: {said}")
    return finished


def _report(finished: Finished) -> dict[str, Any]:
    try:
        report = json.loads(finished.last_line)
    except ValueError as error:
        raise JobFailed(f"expected JSON as the last line of stdout, got {finished.last_line[:200]!r}") from error
    if not isinstance(report, dict):
        raise JobFailed(f"expected a JSON object as the last line of stdout, got {finished.last_line[:200]!r}")
    return report


def _tidy(folder: Path) -> None:
    """What is left is the log; images are in the store, the bundle in the registry."""
    for name in ("data", "holdout", "replay"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("model.bundle", "flips.jsonl", "golden.*", "ignored.*"):
        for path in folder.glob(pattern):
            path.unlink()
