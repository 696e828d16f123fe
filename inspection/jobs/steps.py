"""What the kinds of job do, step by step."""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from inspection.jobs.accepting import with_accepted
from inspection.jobs.book import COLLECTED_AT
from inspection.jobs.commands import ThresholdOrder, TrainOrder
from inspection.jobs.judging import GATE_STARTS, judge
from inspection.jobs.material import Material, lay_out, require_trainable
from inspection.jobs.recipe import training_options
from inspection.jobs.shop import Ticket, Workshop, keep_made, read_report, run_models, tidy
from inspection.registry.bundles import require_bundle
from inspection.registry.origin import training_of
from inspection.registry.promotions import champion_of
from inspection.registry.recipe_settings import RecipeSettings
from inspection.registry.recipe_versions import require_version, settings_of
from inspection.samples.neighbours import without_neighbours
from inspection.samples.samples import Sample, samples_of
from inspection.samples.splits import Split
from inspection.samples.versions import record_version
from inspection.store.images import EXTENSIONS, image_row

__all__ = ["run_gate", "run_threshold", "run_train"]


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
    ticket.desk.span(0.0, GATE_STARTS)
    ticket.desk.report(0.0, "collecting samples")
    collected = {COLLECTED_AT: shop.clock().isoformat()}
    material, champion, told = _prepare(shop, ticket)
    made = ticket.made or _train(shop, ticket, material, champion, {**told, **collected})
    gate = judge(shop, ticket, made["bundle_id"], material.holdout, champion)
    tidy(ticket.folder)
    return {**made, "gate": gate}


def _train(
    shop: Workshop, ticket: Ticket, material: Material, champion: str | None, told: dict[str, Any]
) -> dict[str, Any]:
    out = ticket.folder / "model.bundle"
    like, options = _asked(shop, ticket, champion)
    features = shop.features if shop.features_mib else None
    order = TrainOrder(
        *(ticket.recipe, material.data, out, shop.key_file, material.defects, champion, like, options),
        features=features,
        features_mib=shop.features_mib,
    )
    summary = read_report(run_models(shop, ticket, shop.commands.train(order), {0}))
    out, accepted = with_accepted(shop, ticket, out, champion)
    return keep_made(shop, ticket, out, {**summary, **accepted, **told}, "job")


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
    material, champion, told = _prepare(shop, ticket)
    gate = judge(shop, ticket, bundle_id, material.holdout, champion)
    tidy(ticket.folder)
    return {"bundle_id": bundle_id, "gate": gate, **told}


def run_threshold(shop: Workshop, ticket: Ticket) -> dict[str, Any]:
    """A registered bundle with another threshold as a version of its own, then the gate.

    Returns:
        What the threshold does and did on the held-out parts, the new `bundle_id`, and `gate`.

    Raises:
        NotFound: no such bundle.
        JobFailed: the command answered an error.
        JobCancelled: it was stopped.
    """
    with shop.database.read() as session:
        require_bundle(session, str(ticket.parameters["bundle_id"]))
    material, champion, told = _prepare(shop, ticket)
    made = ticket.made or _move_threshold(shop, ticket, told)
    gate = judge(shop, ticket, made["bundle_id"], material.holdout, champion)
    tidy(ticket.folder)
    return {**made, "gate": gate}


def _move_threshold(shop: Workshop, ticket: Ticket, data: dict[str, Any]) -> dict[str, Any]:
    told = ticket.parameters
    out, source = ticket.folder / "model.bundle", shop.bundles.path(str(told["bundle_id"]))
    order = ThresholdOrder(source, out, shop.key_file, shop.trust, told["at"], told["undecided_from"])
    summary = read_report(run_models(shop, ticket, shop.commands.threshold(order), {0}))
    moved = {"now": summary["now"], "then": summary["then"], **data}
    return keep_made(shop, ticket, out, moved, "threshold")


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


def _prepare(shop: Workshop, ticket: Ticket) -> tuple[Material, str | None, dict[str, Any]]:
    """Images in folders, the champion of now, and what to tell of the data: its version, and what was left out."""
    with shop.database.read() as session:
        asked = [sample for sample in samples_of(session, ticket.recipe) if _wanted(ticket, sample)]
        samples = without_neighbours(session, ticket.recipe, asked, shop.neighbour_s)
        left_out = len(asked) - len(samples)
        if "bundle_id" not in ticket.parameters:
            require_trainable(samples, ticket.recipe, left_out)
        material, champion = lay_out(session, shop.blobs, samples, ticket.folder), champion_of(session, ticket.recipe)
    with shop.database.write() as session:
        version = record_version(session, ticket.recipe, samples, shop.clock())
    return material, champion, {"data_version": version, "neighbours_left_out": left_out}


def _wanted(ticket: Ticket, sample: Sample) -> bool:
    """Defects are always tested on; whether they are trained on is the order's choice."""
    is_training_defect = sample.split is Split.TRAIN and sample.truth.defect_type is not None
    return not is_training_defect or bool(ticket.parameters.get("use_defects", True))
