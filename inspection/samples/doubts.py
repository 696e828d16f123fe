"""Labels to look at before a training: people who disagree, goods that look bad, and defects that look good."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.result import ImageKind, InspectionResult, Verdict
from edge.contract.sentences import sentence
from inspection.samples.statements import RULING, Label, standing_of, truth_of
from inspection.store.tables import ResultImageRow, ResultRow, SampleLabelRow, SampleRow

__all__ = ["Doubt", "DoubtKind", "Named", "Statement", "doubts_of"]

_FAR_ABOVE = 1.0  # -log10 of a tail probability: ten times less like a good part than the threshold


class DoubtKind(StrEnum):
    """What is doubtful."""

    PEOPLE_DISAGREE = "people_disagree"
    LABELLED_BOTH_WAYS = "labelled_both_ways"  # by one person, or by an upload and a person
    TYPES_DIFFER = "types_differ"
    UNLIKE_OTHER_GOODS = "unlike_other_goods"  # by the last training
    LIKE_DEFECTS = "like_defects"  # labelled good, by the last training like labelled defects of a type
    LIKE_GOODS = "like_goods"  # labelled defective, by the last training more ordinary than most good parts
    ALIKE_GOODS = "alike_goods"  # learnt from as often as they are there, by the last training
    COPY_OF_LEARNT = "copy_of_learnt"  # held out, and nearly the same picture is learnt from
    UNREADABLE = "unreadable"  # left out of the last training, or UNDECIDED in its gate: it does not decode or fit
    FAILED_FAR_ABOVE = "failed_far_above"  # labelled good, and its station was sure that it is not


@dataclass(frozen=True)
class Statement:
    """What stands of one source.

    Attributes:
        user: None for an upload.
        result_id: that was labelled; None for an upload.
    """

    user: str | None
    result_id: str | None
    label: Label
    defect_type: str | None


@dataclass(frozen=True)
class Doubt:
    """One sample that a person should look at.

    Attributes:
        counts_as: what a training takes it for: `good`, a defect type, or None where it is left out.
        alike: SHA-256 of further samples that show the same.
        looks_like: the defect type that it may be of; None where nothing says so.
    """

    sha256: str
    split: str
    kind: DoubtKind
    why: str
    counts_as: str | None
    said: tuple[Statement, ...]
    alike: tuple[str, ...] = ()
    looks_like: str | None = None


@dataclass(frozen=True)
class Named:
    """Files that the last training named.

    Attributes:
        suspicious: good parts unlike all others, the worst first.
        ordinary: defects that look more like a good part than most good parts do.
        copied: of the hold-out, those that show what was learnt from.
        alike: good parts that show the same picture, by group.
        like_defects: good parts that look like labelled defects, the likest first, and of which type.
        unreadable: samples that cannot be read, of the hold-out, too.
    """

    suspicious: Sequence[str] = ()
    ordinary: Sequence[str] = ()
    copied: Sequence[str] = ()
    alike: Sequence[Sequence[str]] = ()
    like_defects: Sequence[tuple[str, str]] = ()
    unreadable: Sequence[str] = ()


def doubts_of(session: Session, recipe: str, named: Named | None = None) -> list[Doubt]:
    """Conflicts first, then what the last training named, then goods that their station failed far above.

    Args:
        session: of the database.
        recipe: whose samples.
        named: by the last training; None before the first.
    """
    named = named or Named()
    samples = list(session.scalars(select(SampleRow).where(SampleRow.recipe == recipe).order_by(SampleRow.sha256)))
    statements = _statements(session, recipe)
    conflicts = [doubt for row in samples for doubt in _conflict(row, statements[row.id])]
    goods = {row.sha256: (row, statements[row.id]) for row in samples if _counts_as(statements[row.id]) == Label.GOOD}
    alike = list(_alike(goods, named.alike))
    goods = {sha256: of for sha256, of in goods.items() if not _is_ruled(of[1])}
    unlike = [_unlike(*goods[sha256]) for sha256 in (Path(name).stem for name in named.suspicious) if sha256 in goods]
    like_defects = list(_like_defects(goods, named.like_defects))
    torn = {Path(name).stem for name in named.unreadable}
    unreadable = [_unreadable(row, statements[row.id]) for row in samples if row.sha256 in torn]
    open_ones = [(row, statements[row.id]) for row in samples if not _is_ruled(statements[row.id])]
    copied, ordinary = ({Path(name).stem for name in names} for names in (named.copied, named.ordinary))
    copies = [_copy(row, said) for row, said in open_ones if row.sha256 in copied]
    like = [_like(row, said) for row, said in open_ones if row.sha256 in ordinary and _is_defect(said)]
    return (
        conflicts
        + [doubt for doubt in unreadable if doubt.counts_as is not None]
        + copies
        + alike
        + like_defects
        + unlike
        + like
        + list(_failed_far_above(session, recipe, goods))
    )


def _statements(session: Session, recipe: str) -> defaultdict[int, list[SampleLabelRow]]:
    query = select(SampleLabelRow).join(SampleRow, SampleRow.id == SampleLabelRow.sample_id)
    found: defaultdict[int, list[SampleLabelRow]] = defaultdict(list)
    for row in session.scalars(query.where(SampleRow.recipe == recipe).order_by(SampleLabelRow.id)):
        found[row.sample_id].append(row)
    return found


def _conflict(row: SampleRow, statements: list[SampleLabelRow]) -> Iterator[Doubt]:
    said = [_said(statement) for statement in standing_of(statements)]
    clear = [one for one in said if one.label in {Label.GOOD, Label.DEFECT}]
    types = {one.defect_type for one in clear if one.defect_type is not None}
    if {one.label for one in clear} == {Label.GOOD, Label.DEFECT}:
        people = {one.user for one in clear if one.user is not None}
        kind = DoubtKind.PEOPLE_DISAGREE if len(people) > 1 else DoubtKind.LABELLED_BOTH_WAYS
        yield _doubt(row, statements, kind, sentence("good to one, defective to another: the latest label counts"))
    elif len(types) > 1:
        why = sentence(f"named {' and '.join(sorted(types))}: the latest label counts")
        yield _doubt(row, statements, DoubtKind.TYPES_DIFFER, why)


def _is_ruled(statements: list[SampleLabelRow]) -> bool:
    """Whether nobody has said anything since somebody looked at the doubt and ruled; or at all."""
    standing = standing_of(statements)
    return not standing or standing[-1].source.startswith(f"{RULING}:")


def _unreadable(row: SampleRow, statements: list[SampleLabelRow]) -> Doubt:
    """Whatever somebody rules of it, but that it be left out, changes nothing."""
    why = sentence(
        "the picture is torn, blank or smaller than the region of interest: nothing is learnt from it, "
        "nor can a model be tested on it"
    )
    return _doubt(row, statements, DoubtKind.UNREADABLE, why)


def _copy(row: SampleRow, statements: list[SampleLabelRow]) -> Doubt:
    why = sentence("held out, and nearly the same picture is learnt from: judging it proves nothing")
    return _doubt(row, statements, DoubtKind.COPY_OF_LEARNT, why)


def _alike(
    goods: dict[str, tuple[SampleRow, list[SampleLabelRow]]], groups: Iterable[Sequence[str]]
) -> Iterator[Doubt]:
    """Groups of which several are still taken for good, and of which somebody has not said that all shall stay."""
    for group in groups:
        there = [stem for stem in (Path(name).stem for name in group) if stem in goods]
        if len(there) > 1 and not all(_is_ruled(goods[sha256][1]) for sha256 in there):
            why = sentence(f"{len(there)} good parts show nearly the same picture, which counts as often")
            yield replace(_doubt(*goods[there[0]], DoubtKind.ALIKE_GOODS, why), alike=tuple(there[1:]))


def _unlike(row: SampleRow, statements: list[SampleLabelRow]) -> Doubt:
    why = sentence("the last training found it unlike all other good parts")
    return _doubt(row, statements, DoubtKind.UNLIKE_OTHER_GOODS, why)


def _like_defects(
    goods: dict[str, tuple[SampleRow, list[SampleLabelRow]]], named: Iterable[Sequence[str]]
) -> Iterator[Doubt]:
    for name, type_ in named:
        if Path(name).stem in goods:
            why = sentence(f"called good, but the last training found it like labelled {type_}")
            doubt = _doubt(*goods[Path(name).stem], DoubtKind.LIKE_DEFECTS, why)
            yield replace(doubt, looks_like=type_)


def _like(row: SampleRow, statements: list[SampleLabelRow]) -> Doubt:
    why = sentence("called defective, but the last training found it more ordinary than most good parts")
    return _doubt(row, statements, DoubtKind.LIKE_GOODS, why)


def _is_defect(statements: list[SampleLabelRow]) -> bool:
    truth = truth_of(statements)
    return truth is not None and truth.label is Label.DEFECT


def _failed_far_above(
    session: Session, recipe: str, goods: dict[str, tuple[SampleRow, list[SampleLabelRow]]]
) -> Iterator[Doubt]:
    """Goods by the distance of their station's score, the farthest first; each picture once."""
    query = select(ResultRow, ResultImageRow.sha256).join(ResultImageRow, ResultImageRow.result_id == ResultRow.id)
    query = query.where(ResultRow.recipe == recipe, ResultRow.verdict == Verdict.FAIL.value)
    farthest: dict[str, InspectionResult] = {}
    for row, sha256 in session.execute(query.where(ResultImageRow.kind == ImageKind.FRAME.value)):
        if sha256 in goods:
            result = InspectionResult.model_validate_json(row.document)
            farthest[sha256] = max(farthest.get(sha256, result), result, key=_excess)
    for sha256, result in sorted(farthest.items(), key=lambda pair: -_excess(pair[1])):
        if _excess(result) > _FAR_ABOVE:
            why = sentence(
                f"its station scored it {result.score:.2f}, threshold {result.threshold:.2f}: sure that it is bad"
            )
            yield _doubt(*goods[sha256], DoubtKind.FAILED_FAR_ABOVE, why)


def _excess(result: InspectionResult) -> float:
    if result.score is None or result.threshold is None:
        return float("-inf")
    return result.score - result.threshold


def _doubt(row: SampleRow, statements: list[SampleLabelRow], kind: DoubtKind, why: str) -> Doubt:
    said = tuple(_said(statement) for statement in standing_of(statements))
    return Doubt(row.sha256, row.split, kind, why, _counts_as(statements), said)


def _counts_as(statements: list[SampleLabelRow]) -> str | None:
    truth = truth_of(statements)
    return None if truth is None else truth.defect_type or Label.GOOD.value


def _said(row: SampleLabelRow) -> Statement:
    """A source is `upload`, `result:<id>:<user>` or `ruling:<number>:<user>`."""
    kind, _, named = row.source.partition(":")
    result_id, _, user = named.partition(":")
    return Statement(user or None, None if kind == RULING else result_id or None, Label(row.label), row.defect_type)
