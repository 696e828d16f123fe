"""How a model version came to be: what it follows, what it learnt from, with which code, by whom and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.registry.bundles import manifest_of
from inspection.registry.origin import training_of
from inspection.registry.recipe_versions import require_version
from inspection.store.tables import AcceptanceRow, BundleRow, DataVersionRow, JobRow, RecipeVersionRow

__all__ = ["Lineage", "lineage_of", "maker_of"]

_MAKES = ("train", "accept", "threshold")


@dataclass(frozen=True)
class Lineage:
    """Where a bundle comes from; None where it is not known here.

    Attributes:
        parent_id: the bundle that it follows or was made of, as far as it says so.
        parent: the same if the registry has it.
        job: that made it here.
        data: images that its network learnt from and was tested on: of the training behind it.
        version: of the recipe's settings, that this training took.
        reasons: why it was made, as far as somebody said so.
    """

    bundle: BundleRow
    parent_id: str | None
    parent: BundleRow | None
    job: JobRow | None
    data: DataVersionRow | None
    version: RecipeVersionRow | None
    reasons: tuple[str, ...]


def lineage_of(session: Session, bundle: BundleRow) -> Lineage:
    """Follow a bundle to its training and what that took."""
    job = maker_of(session, bundle.recipe, bundle.id)
    parent_id = manifest_of(bundle).provenance.parent_bundle_id
    if parent_id is None and job is not None:
        parent_id = job.parameters.get("bundle_id") or (job.result or {}).get("parent")
    training = training_of(session, bundle)
    data_id = None if training is None else (training.result or {}).get("data_version")
    number = None if training is None else training.parameters.get("recipe_version")
    return Lineage(
        bundle,
        parent_id,
        None if parent_id is None else session.get(BundleRow, parent_id),
        job,
        None if data_id is None else session.get(DataVersionRow, data_id),
        None if number is None else require_version(session, bundle.recipe, int(number)),
        () if job is None else tuple(_reasons(session, job)),
    )


def maker_of(session: Session, recipe: str, bundle_id: str) -> JobRow | None:
    """The job that made a bundle here; None if it was uploaded. A gate or a measurement names bundles, too."""
    query = select(JobRow).where(JobRow.recipe == recipe, JobRow.kind.in_(_MAKES), JobRow.result.is_not(None))
    jobs = session.scalars(query.order_by(JobRow.created_at, JobRow.id))
    return next((job for job in jobs if (job.result or {}).get("bundle_id") == bundle_id), None)


def _reasons(session: Session, job: JobRow) -> Iterator[str]:
    yield from job.parameters.get("reasons", ())
    yield from session.scalars(select(AcceptanceRow.reason).where(AcceptanceRow.job_id == job.id))
