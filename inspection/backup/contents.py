"""What is in a backup: a tar of files, and last a list of them with their hashes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["DATABASE", "LIST", "MEMBER_PATTERN", "Contents"]

DATABASE = "database"
"""Member with the tables: a SQLite file, or a dump in pg_dump's custom format."""

LIST = "contents.json"
"""Member with the list, the last one: a backup that was cut off has none."""

MEMBER_PATTERN = (
    r"database|keys/signing_key\.pem|images/[0-9a-f]{2}/[0-9a-f]{64}|bundles/[0-9a-f]{64}\.bundle|"
    r"jobs/[0-9a-f]{32}/log\.txt"
)
"""The names that a member may have; they are its path in the data folder."""


class Contents(BaseModel):
    """The list of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    made_at: datetime
    database: Annotated[str, Field(description="`sqlite` or `postgresql`: where the tables can be restored to")]
    revision: Annotated[str, Field(description="of the tables")]
    files: Annotated[dict[str, str], Field(description="SHA-256 by member")]
    missing: Annotated[tuple[str, ...], Field(description="named by the tables, but absent or damaged on the disk")]
