"""Users, keys of programs and the audit log, for admins."""

from typing import Annotated

from fastapi import APIRouter, Query

from inspection.api.access import Admin, PlantDep
from inspection.api.schemas import (
    ApiKey,
    ApiKeyOnce,
    AuditCheck,
    AuditEntry,
    Before,
    NewApiKey,
    NewUser,
    User,
    UserChange,
)
from inspection.audit import log
from inspection.audit.change import change
from inspection.people.api_keys import Rights, add_api_key, list_api_keys, revoke_api_key
from inspection.people.roles import Role
from inspection.people.sessions import close_all_sessions
from inspection.people.users import add_user, change_user, list_users

__all__ = ["router"]

router = APIRouter(tags=["people"])


@router.get("/users")
def get_users(person: Admin, plant: PlantDep) -> list[User]:
    """Everybody."""
    del person
    with plant.database.read() as session:
        return [User.model_validate(row) for row in list_users(session)]


@router.post("/users", status_code=201)
def post_user(body: NewUser, person: Admin, plant: PlantDep) -> User:
    """Make a user."""
    with change(plant.database, person.name, plant.clock()) as doing:
        add_user(doing.session, body.name, body.password, body.role, doing.now)
        doing.record("user.created", name=body.name, role=body.role)
        return User(name=body.name, role=body.role, disabled=False, created_at=doing.now)


@router.patch("/users/{name}")
def patch_user(name: str, body: UserChange, person: Admin, plant: PlantDep) -> User:
    """Change a user's role or password, or disable the user; all but a new role end the user's sessions."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = change_user(doing.session, name, role=body.role, password=body.password, disabled=body.disabled)
        if body.password is not None or body.disabled:
            close_all_sessions(doing.session, row)
        doing.record(
            "user.changed", name=name, role=body.role, disabled=body.disabled, password=body.password is not None
        )
        return User.model_validate(row)


@router.get("/api-keys")
def get_api_keys(person: Admin, plant: PlantDep) -> list[ApiKey]:
    """All keys of programs, revoked ones too."""
    del person
    with plant.database.read() as session:
        return [ApiKey.model_validate(row) for row in list_api_keys(session)]


@router.post("/api-keys", status_code=201)
def post_api_key(body: NewApiKey, person: Admin, plant: PlantDep) -> ApiKeyOnce:
    """Make a key for a program, sent as `Authorization: Bearer ik_…`; it is shown this once."""
    rights = Rights(Role(body.role), body.scopes)
    scopes = None if body.scopes is None else sorted(body.scopes)
    with change(plant.database, person.name, plant.clock()) as doing:
        key = add_api_key(doing.session, body.name, rights, person.name, doing.now)
        doing.record("api_key.created", name=body.name, role=rights.role, scopes=scopes)
    return ApiKeyOnce(name=body.name, role=rights.role, scopes=scopes, api_key=key)


@router.post("/api-keys/{name}/revoke")
def post_revocation(name: str, person: Admin, plant: PlantDep) -> ApiKey:
    """Take a key's rights away at once."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = revoke_api_key(doing.session, name, doing.now)
        doing.record("api_key.revoked", name=name)
        return ApiKey.model_validate(row)


@router.get("/audit")
def get_audit(
    person: Admin, plant: PlantDep, limit: Annotated[int, Query(ge=1, le=500)] = 100, before: Before = None
) -> list[AuditEntry]:
    """Rows of the audit log, newest first."""
    del person
    with plant.database.read() as session:
        return [AuditEntry.model_validate(row) for row in log.latest(session, limit, before)]


@router.get("/audit/verification")
def get_audit_verification(person: Admin, plant: PlantDep) -> AuditCheck:
    """Recompute every hash of the audit log."""
    del person
    with plant.database.read() as session:
        return AuditCheck.model_validate(log.verify(session))
