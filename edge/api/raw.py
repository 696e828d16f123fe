"""Query parameters of parts, and of frames without a header; one that is misspelt is refused, not left out."""

from http import HTTPStatus

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

from edge.cameras.pixels import PixelFormat, RawFormat

__all__ = ["InspectQuery", "PartQuery", "RawQuery", "raw_format"]


class PartQuery(BaseModel):
    """Which part it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part_id: str | None = Field(
        None, min_length=1, max_length=128, description="identity of the part; made up if not given"
    )


class RawQuery(BaseModel):
    """All three or none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pixel_format: PixelFormat | None = Field(None, description="of a raw frame; none: the body is an image file")
    width: int | None = Field(None, ge=1, le=65_535, description="columns of a raw frame")
    height: int | None = Field(None, ge=1, le=65_535, description="rows of a raw frame")


class InspectQuery(RawQuery, PartQuery):
    """Which part it is, and what its bytes are."""


def raw_format(query: RawQuery) -> RawFormat | None:
    """What the bytes are; None for an image file.

    Raises:
        HTTPException: one or two of the three.
    """
    if query.pixel_format is None and query.width is None and query.height is None:
        return None
    if query.pixel_format is None or query.width is None or query.height is None:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "expected pixel_format, width and height together")
    return RawFormat(pixel_format=query.pixel_format, width_px=query.width, height_px=query.height)
