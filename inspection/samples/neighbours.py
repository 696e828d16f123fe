"""What was taken right beside a held-out part is not learnt from: it shows nearly the same."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.result import ImageKind
from inspection.samples.samples import Sample
from inspection.samples.splits import Split
from inspection.store.tables import ResultImageRow, ResultRow, SampleRow

__all__ = ["without_neighbours"]


def without_neighbours(session: Session, recipe: str, samples: Iterable[Sample], within_s: float) -> list[Sample]:
    """The samples without those of the training part that a station took within so many seconds of a held-out one.

    The hold-out stays as it is. An image that no station took, such as an upload, has no neighbours.

    Args:
        session: of the database.
        recipe: of the samples.
        samples: with all that are held out.
        within_s: seconds before and after, the last one included; 0 leaves nothing out.
    """
    samples = list(samples)
    if within_s <= 0:
        return samples
    taken = _taken(session, recipe)
    held: defaultdict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for station, at in taken[sample.sha256] if sample.split is Split.HOLDOUT else ():
            held[station].append(at)
    for times in held.values():
        times.sort()

    def is_beside(sample: Sample) -> bool:
        return any(_near(held[station], at, within_s) for station, at in taken[sample.sha256])

    return [sample for sample in samples if sample.split is Split.HOLDOUT or not is_beside(sample)]


def _taken(session: Session, recipe: str) -> defaultdict[str, list[tuple[str, float]]]:
    """By SHA-256 of a sample which station took it, and when, in seconds; one picture may be of several results."""
    query = select(SampleRow.sha256, ResultRow.station, ResultRow.captured_at)
    query = query.join(ResultImageRow, ResultImageRow.sha256 == SampleRow.sha256)
    query = query.join(ResultRow, ResultRow.id == ResultImageRow.result_id)
    query = query.where(SampleRow.recipe == recipe, ResultRow.recipe == recipe)
    taken: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for sha256, station, at in session.execute(query.where(ResultImageRow.kind == ImageKind.FRAME.value)):
        taken[sha256].append((station, at.timestamp()))
    return taken


def _near(times: list[float], at: float, within_s: float) -> bool:
    """Whether one of the sorted times is so near."""
    place = bisect_left(times, at - within_s)
    return place < len(times) and times[place] <= at + within_s
