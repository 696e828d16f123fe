"""Which scope a request needs of a program's key, by its address; what no line names, no key with scopes may ask."""

import re

from edge.contract.errors import NotAllowed
from inspection.people.scopes import Scope
from inspection.people.users import Person

__all__ = ["FREE", "require_scope", "scope_of"]

FREE = frozenset({"/api/v1/me", "/api/v1/logout"})
"""About the key itself: every key may."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_AREAS = (
    (re.compile(r"/api/v1/(results|images|feed|review|analytics|drift)([./].*)?"), "results"),
    (re.compile(r"/api/v1/labels(/.*)?"), "labels"),
    (re.compile(r"/api/v1/recipes/[^/]+/(samples|data-versions)(/.*)?"), "samples"),
    (
        re.compile(r"/api/v1/recipes/[^/]+/(models|bundles|promote|rollback|rollouts|shadow|acceptances)(/.*)?"),
        "models",
    ),
    (re.compile(r"/api/v1/(bundles|keys)/.*"), "models"),
    (re.compile(r"/api/v1/recipes(/.*)?"), "recipes"),
    (re.compile(r"/api/v1/retraining"), "jobs"),
    (re.compile(r"/api/v1/(jobs|stations|alerts)(/.*)?"), None),  # named as the address is
)


def scope_of(method: str, path: str) -> Scope | None:
    """The scope that a request needs; None if no scope gives it (people, keys and the audit log)."""
    matches = ((pattern.fullmatch(path), area) for pattern, area in _AREAS)
    area = next((named or match[1] for match, named in matches if match), None)
    needed = f"{area}:{'read' if method in _SAFE_METHODS else 'write'}"
    return next((scope for scope in Scope if scope == needed), None)


def require_scope(person: Person, method: str, path: str) -> None:
    """Return if the key's scopes allow this request; who has no scopes is limited by role alone.

    Raises:
        NotAllowed: they do not.
    """
    if person.scopes is None or path in FREE:
        return
    needed = scope_of(method, path)
    if needed is None or needed not in person.scopes:
        wanted = "no key with scopes may do this" if needed is None else f"this needs the scope {needed}"
        raise NotAllowed(f"{person.name} has the scopes {', '.join(sorted(person.scopes))}; {wanted}")
