"""Parts on which a bundle and the champion disagreed when the gate ran: for a person to judge."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.result import Verdict
from inspection.store.tables import FlipRow

__all__ = ["Flip", "add_flips", "count_flips", "flips_of", "read_flips"]


class Flip(BaseModel):
    """A line of the gate's file of flips; `file` is named by the image's SHA-256."""

    model_config = ConfigDict(frozen=True)

    source: Literal["holdout", "replay"]
    file: str
    result_id: str | None
    label: str | None
    learnt: bool
    champion_verdict: Verdict
    champion_score: float | None
    challenger_verdict: Verdict
    challenger_score: float | None


def read_flips(path: Path) -> list[Flip]:
    """Read what the gate wrote, in its order.

    Raises:
        OSError: no such file.
        ValueError: a line is no flip.
    """
    return [Flip.model_validate_json(line) for line in path.read_text("utf-8").splitlines()]


def add_flips(session: Session, gate_id: int, flips: Iterable[Flip]) -> None:
    """Keep the flips of a verdict of the gate."""
    session.add_all(
        FlipRow(
            gate_id=gate_id,
            position=position,
            sha256=Path(flip.file).stem,
            **flip.model_dump(mode="json", exclude={"file"}),
        )
        for position, flip in enumerate(flips)
    )
    session.flush()


def flips_of(session: Session, gate_id: int, limit: int, offset: int = 0) -> list[FlipRow]:
    """Flips of a verdict: those nobody has labelled first, then by the order of the gate."""
    query = select(FlipRow).where(FlipRow.gate_id == gate_id)
    return list(
        session.scalars(query.order_by(FlipRow.label.is_not(None), FlipRow.position).limit(limit).offset(offset))
    )


def count_flips(session: Session, gate_id: int) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(FlipRow).where(FlipRow.gate_id == gate_id)) or 0
