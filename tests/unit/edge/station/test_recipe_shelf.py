"""Facts of changeovers."""

import sys

import pytest

from edge.changeover.build import build_changeover
from edge.changeover.mqtt import recipe_of
from edge.changeover.settings import ChangeoverSettings, ModbusChangeoverSettings, MqttChangeoverSettings
from edge.contract.errors import Conflict, NotFound, SettingsInvalid
from edge.station.recipes import OneRecipe, RecipeShelf
from tests.support.edge_fakes import FakeClock, FakeDetector


class FakeHolder:
    """Holds a detector, or the reason why not."""

    def __init__(self, current: FakeDetector | None, refused: str | None = None) -> None:
        self.current = current
        self.refused = refused


def shelf() -> RecipeShelf:
    """Two recipes that can be judged, and one that cannot."""
    holders = {
        "bottle": FakeHolder(FakeDetector("a" * 64)),
        "can": FakeHolder(FakeDetector("b" * 64)),
        "jar": FakeHolder(None, "unsigned"),
    }
    return RecipeShelf(holders, "bottle", FakeClock())


def test_a_changeover_is_for_the_triggers_after_it() -> None:
    made = shelf()
    made.change("can")
    assert made.active == "can"
    assert [made.judge(name).bundle_id[0] for name in ("bottle", "can")] == ["a", "b"]
    status = made.status()
    assert (status.available, status.changes, status.last_change_ms) == (("bottle", "can", "jar"), 1, 0.0)


def test_the_recipe_that_is_active_already_is_no_changeover() -> None:
    made = shelf()
    made.change("bottle")
    assert (made.status().changes, made.status().last_change_ms) == (0, None)


@pytest.mark.parametrize(("name", "error", "message"), [
    ("cup", NotFound, "expected one of bottle, can, jar, got 'cup'"),
    ("jar", Conflict, "recipe jar: no bundle runs for it: unsigned"),
])  # fmt: skip
def test_a_changeover_that_cannot_be_leaves_the_old_recipe(name: str, error: type[Exception], message: str) -> None:
    made = shelf()
    with pytest.raises(error, match=message):
        made.change(name)
    assert made.active == "bottle"


def test_a_line_of_one_part_type_needs_no_shelf() -> None:
    detector = FakeDetector()
    one = OneRecipe(detector)
    assert (one.active, one.judge("whatever")) == (detector.manifest.recipe, detector)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"can", "can"),
        (b'{"recipe": "can"}', "can"),
        (b'"can"', "can"),  # as brokers' tools send a text that they take for JSON
        (b'{"x": 1}', ""),
        (b'{"recipe": null}', ""),
        (b"7", "7"),
        (b" can \n", "can"),
    ],
)
def test_the_recipe_that_a_message_names(payload: bytes, name: str) -> None:
    assert recipe_of(payload) == name


@pytest.mark.parametrize(
    ("package", "settings"),
    [
        ("paho", MqttChangeoverSettings(kind="mqtt", host="broker", topic="t")),
        ("pymodbus", ModbusChangeoverSettings(kind="modbus", host="plc", register_number=1)),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, settings: ChangeoverSettings
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsInvalid, match=rf"changeover \(kind {settings.kind}\) needs {package}"):
        build_changeover(settings, ("a",), print, FakeClock())
