"""Where a result comes from: its bundle, and through the training that made it, the version of the recipe."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.registry.bundles import manifest_of
from inspection.registry.recipe_versions import require_version
from inspection.store.tables import BundleRow, GateRow, JobRow, PromotionRow, RecipeVersionRow

__all__ = ["Origin", "origin_of", "training_of"]

_MADE_OF_ANOTHER = {"accept", "threshold"}


@dataclass(frozen=True)
class Origin:
    """What decided a result; None where it is not known here.

    Attributes:
        gate: what the gate had said of the bundle by then; the first that it said if the result is older.
        promotion: that put the bundle on the stations by then; None if it ran in a rollout, or by hand.
    """

    bundle: BundleRow
    training: JobRow | None
    version: RecipeVersionRow | None
    gate: GateRow | None
    promotion: PromotionRow | None


def origin_of(session: Session, bundle_id: str | None, at: datetime) -> Origin | None:
    """Everything about the bundle that judged at an instant; None if the registry does not have it."""
    bundle = None if bundle_id is None else session.get(BundleRow, bundle_id)
    if bundle is None:
        return None
    training = training_of(session, bundle)
    version, gate, promotion = _version(session, training), _gate(session, bundle, at), _promotion(session, bundle, at)
    return Origin(bundle, training, version, gate, promotion)


def training_of(session: Session, bundle: BundleRow) -> JobRow | None:
    """The training that made a bundle, or what it was made of by accepting or moving the threshold; None: elsewhere."""
    own = _training_that_made(session, bundle)
    if own is not None or bundle.origin not in _MADE_OF_ANOTHER:
        return own
    parent_id = manifest_of(bundle).provenance.parent_bundle_id
    parent = None if parent_id is None else session.get(BundleRow, parent_id)
    return None if parent is None else training_of(session, parent)


def _training_that_made(session: Session, bundle: BundleRow) -> JobRow | None:
    query = select(JobRow).where(JobRow.recipe == bundle.recipe, JobRow.kind == "train", JobRow.result.is_not(None))
    jobs = session.scalars(query.order_by(JobRow.created_at, JobRow.id))
    return next((job for job in jobs if (job.result or {}).get("bundle_id") == bundle.id), None)


def _version(session: Session, training: JobRow | None) -> RecipeVersionRow | None:
    number = None if training is None else training.parameters.get("recipe_version")
    return None if training is None or number is None else require_version(session, training.recipe, int(number))


def _gate(session: Session, bundle: BundleRow, at: datetime) -> GateRow | None:
    gates = session.scalars(select(GateRow).where(GateRow.bundle_id == bundle.id).order_by(GateRow.id)).all()
    return next((gate for gate in reversed(gates) if gate.created_at <= at), next(iter(gates), None))


def _promotion(session: Session, bundle: BundleRow, at: datetime) -> PromotionRow | None:
    query = select(PromotionRow).where(PromotionRow.bundle_id == bundle.id, PromotionRow.created_at <= at)
    return session.scalars(query.order_by(PromotionRow.id.desc()).limit(1)).first()
