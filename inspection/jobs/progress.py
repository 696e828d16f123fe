"""Reading what a job says on stderr: progress as JSON lines, everything else is log."""

from pydantic import BaseModel, Field, ValidationError

__all__ = ["Progress", "parse_progress"]


class Progress(BaseModel):
    """How far a command is."""

    progress: float = Field(ge=0, le=1)
    step: str = Field(max_length=200)


def parse_progress(line: str) -> Progress | None:
    """The progress that a line tells; None for a line of log."""
    if not line.startswith("{"):
        return None
    try:
        return Progress.model_validate_json(line)
    except ValidationError:
        return None
