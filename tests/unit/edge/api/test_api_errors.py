"""Facts of the table from errors to HTTP status."""

import inspect

import pytest

from edge.api.errors import STATUS_OF, status_of
from edge.contract import errors


def public_errors() -> list[type[errors.InspectionError]]:
    """Every class of the tree but its root."""
    return [getattr(errors, name) for name in errors.__all__ if name != "InspectionError"]


@pytest.mark.parametrize("kind", public_errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_of_its_own_branch(kind: type[errors.InspectionError]) -> None:
    """The table is complete: a new branch of the tree fails here until it is named."""
    named = [base for base in inspect.getmro(kind) if base in STATUS_OF]
    assert named
    assert status_of(kind) is STATUS_OF[named[0]]
    assert status_of(kind) >= 400


def test_the_root_is_a_server_error() -> None:
    assert status_of(errors.InspectionError) == 500
