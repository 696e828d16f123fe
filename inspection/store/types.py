"""Column types that mean the same on every database."""

from datetime import UTC, datetime

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from inspection.clock import in_utc

__all__ = ["UtcDateTime", "storable"]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, aware and in UTC on the Python side; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: always UTC."""
        del dialect
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: always aware."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def storable(text: str) -> str:
    """Text that every database keeps: PostgreSQL has no zero bytes, which a controller's registers may pad with."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
