"""People, programs and the log of what they changed."""

from datetime import datetime

from sqlalchemy import (
    JSON,
    ForeignKey,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from inspection.store.tables.base import Base, Name, Sha256

__all__ = ["ApiKeyRow", "AuditRow", "SessionRow", "UserRow"]


class UserRow(Base):
    """A person who signs in."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    password_hash: Mapped[str] = mapped_column(String(256))
    role: Mapped[str] = mapped_column(String(16))
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A signed-in browser; only the hash of its token is kept."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKeyRow(Base):
    """A key of a program that asks for data or acts with a role; only its hash is kept, and the row stays for ever."""

    __tablename__ = "api_keys"
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    key_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    role: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), doc="None is all that the role may")
    created_by: Mapped[str] = mapped_column(Name)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AuditRow(Base):
    """One change by a person; `hash` covers this row and, through `previous_hash`, all before it."""

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40), doc="ISO 8601, as hashed")
    actor: Mapped[str] = mapped_column(Name)
    action: Mapped[str] = mapped_column(String(64))
    details: Mapped[str] = mapped_column(Text, doc="canonical JSON, as hashed")
    previous_hash: Mapped[str] = mapped_column(Sha256)
    hash: Mapped[str] = mapped_column(Sha256)
