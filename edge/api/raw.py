"""Query parameters of frames without a header."""

from http import HTTPStatus

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

from edge.cameras.pixels import PixelFormat, RawFormat

__all__ = ["RawQuery", "raw_format"]


class RawQuery(BaseModel):
    """All three or none."""

    model_config = ConfigDict(frozen=True)

    pixel_format: PixelFormat | None = Field(None, description="of a raw frame; none: the body is an image file")
    width: int | None = Field(None, ge=1, le=65_535, description="columns of a raw frame")
    height: int | None = Field(None, ge=1, le=65_535, description="rows of a raw frame")


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
