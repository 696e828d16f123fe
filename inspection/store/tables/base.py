"""What all tables share."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Integer,
    MetaData,
    String,
)
from sqlalchemy.orm import DeclarativeBase

from inspection.store.types import UtcDateTime

__all__ = ["Base", "Name", "Number", "Sha256"]

Name = String(64)
Sha256 = String(64)
Number = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER counts by itself there, and it has 64 bits


class Base(DeclarativeBase):
    """Names of constraints are fixed, so that a later migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[list[str]]: JSON,
        list[dict[str, Any]]: JSON,
    }
