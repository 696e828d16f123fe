"""What a module offers is what its `__all__` says, and the drawn tree of errors is the real one."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import edge
import inspection
import models
from edge.contract import errors


def modules() -> list[str]:
    """Every module of the three packages; migrations are scripts that Alembic runs, `__main__` starts a process."""
    found = [
        info.name
        for package in (edge, models, inspection)
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    ]
    return [name for name in found if "migrations" not in name and not name.endswith("__main__")]


def own_public_names(module: ModuleType) -> set[str]:
    """Functions and classes that the module itself defines, without a leading underscore."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }


@pytest.mark.parametrize("name", modules())
def test_all_names_what_the_module_offers(name: str) -> None:
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is None:
        return
    assert [item for item in listed if not hasattr(module, item)] == []
    if not name.startswith("inspection.api.routes."):  # a route is offered by its router
        assert sorted(own_public_names(module) - set(listed)) == []


def test_the_drawn_tree_names_every_error_once() -> None:
    drawn = [word for line in (errors.__doc__ or "").splitlines() for word in line.split()[:4]]
    classes = [value.__name__ for value in vars(errors).values() if inspect.isclass(value)]
    assert [name for name in classes if drawn.count(name) != 1] == []
    assert sorted(errors.__all__) == sorted(classes)


def test_every_error_says_what_to_do_about_it() -> None:
    silent = [value.__name__ for value in vars(errors).values() if inspect.isclass(value) and not value.__doc__]
    assert silent == []
