"""Facts of triggers from outside: each is counted at once, and gets the next frame or its deadline."""

import sys

import pytest

from edge.contract.errors import SettingsInvalid
from edge.contract.frame import Frame
from edge.contract.result import InspectionResult
from edge.parts.assembler import PartAssembler
from edge.parts.views import PartSettings, View, views_of
from edge.station.ledger import Ledger, Listener, Ticket
from edge.triggers.build import Trigger
from edge.triggers.desk import TriggerDesk
from edge.triggers.modbus import text_of
from edge.triggers.mqtt import part_id_of
from edge.triggers.settings import (
    ModbusTriggerSettings,
    MqttTriggerSettings,
    SoftwareTriggerSettings,
    TriggerSettings,
)
from tests.support.edge_fakes import FakeClock, frame

TOP = (View("top", "top"),)


class FakeLine:
    """Opens tickets and remembers the frames that they were given."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.tickets: list[Ticket] = []
        self.supplied: list[tuple[int, str]] = []
        self.views: list[str] = []

    def expect(self, part_id: str, view: View, listener: Listener | None = None, *, of_part: bool = False) -> Ticket:
        """Count it."""
        self.views.append(view.name)
        assert of_part == (view.name != "top")
        self.tickets.append(self.ledger.open(frame(part_id), "part", listener))
        return self.tickets[-1]

    def supply(self, ticket: Ticket, given: Frame) -> bool:
        """Remember it, unless the deadline was faster."""
        if ticket.frame is None:
            return False
        self.supplied.append((ticket.sequence, given.part_id))
        return True

    def submit(self, given: Frame) -> object:
        """Nothing here submits."""
        raise AssertionError(given)

    def expire(self, index: int) -> None:
        """What the deadline does."""
        self.tickets[index].frame = None


def desk(**settings: object) -> tuple[TriggerDesk, FakeLine, FakeClock]:
    """A desk for camera `top`."""
    line, clock = FakeLine(), FakeClock()
    settings = SoftwareTriggerSettings(kind="software", **settings)
    return TriggerDesk(settings, TOP, line, None, clock), line, clock


def test_a_trigger_gets_the_next_frame_and_the_frame_its_part() -> None:
    made, line, _ = desk()
    made.take("top", frame("free-running"))
    assert made.fire("serial-7") is None
    made.take("top", frame("next"))
    made.take("top", frame("free-running"))
    assert line.supplied == [(1, "serial-7")]
    assert made.ignored.counts() == {"no trigger": 2}


def test_triggers_get_frames_in_their_order_and_parts_without_a_name_are_counted() -> None:
    made, line, _ = desk()
    for _ in range(3):
        made.fire()
    for _ in range(3):
        made.take("top", frame("x"))
    names = [part for _, part in line.supplied]
    assert [sequence for sequence, _ in line.supplied] == [1, 2, 3]
    assert len(set(names)) == 3
    assert names[2].startswith("top-")
    assert names[2].endswith("-000003")


def test_a_trigger_whose_deadline_passed_takes_no_frame_from_the_next_one() -> None:
    made, line, _ = desk()
    made.fire("late")
    made.fire("next")
    line.expire(0)
    made.take("top", frame("x"))
    assert line.supplied == [(2, "next")]


def test_a_trigger_that_bounces_or_comes_twice_is_counted_and_is_no_part() -> None:
    made, line, clock = desk(min_interval_ms=50.0)
    assert made.fire("a") is None
    clock.us += 10_000
    assert made.fire("b") == "too soon after the one before"
    clock.us += 50_000
    assert made.fire("a") == "same part id as before"
    assert made.fire("b") is None
    assert len(line.tickets) == 2
    assert made.bounced.counts() == {"too soon after the one before": 1, "same part id as before": 1}


def test_a_part_that_comes_again_later_is_judged_again() -> None:
    """Somebody put it back on the line."""
    made, line, clock = desk(same_part_ms=1000.0)
    made.fire("a")
    clock.us += 999_000
    assert made.fire("a") == "same part id as before"
    clock.us += 1_000
    assert made.fire("a") is None
    assert len(line.tickets) == 2


def test_frames_that_were_exposed_before_the_trigger_are_let_pass() -> None:
    made, line, _ = desk(skip_frames=2)
    made.fire("a")
    for _ in range(3):
        made.take("top", frame("x"))
    assert line.supplied == [(1, "a")]
    assert made.ignored.counts() == {"exposed before the trigger": 2}


def test_every_view_of_a_part_gets_the_next_frames_of_its_camera() -> None:
    """Two cameras, two shots each; the cameras deliver in any order."""
    line, clock = FakeLine(), FakeClock()
    views = views_of(["left", "right"], PartSettings(shots=2))
    assembler = PartAssembler(4, PartSettings(), lambda _: None, clock)
    made = TriggerDesk(SoftwareTriggerSettings(kind="software"), views, line, assembler, clock)
    made.fire("p")
    for camera in ("right", "left", "left", "left", "right"):
        made.take(camera, frame("x"))
    assert line.views == ["left/1", "left/2", "right/1", "right/2"]
    assert line.supplied == [(3, "p"), (1, "p"), (2, "p"), (4, "p")]
    assert made.ignored.counts() == {"no trigger": 1}


def test_only_before_the_first_shot_frames_are_let_pass() -> None:
    """The camera exposes each further one after the trigger: a burst of just as many frames is enough."""
    line, clock = FakeLine(), FakeClock()
    settings = SoftwareTriggerSettings(kind="software", skip_frames=1)
    assembler = PartAssembler(3, PartSettings(), lambda _: None, clock)
    made = TriggerDesk(settings, views_of(["left"], PartSettings(shots=3)), line, assembler, clock)
    made.fire("p")
    for _ in range(4):
        made.take("left", frame("x"))
    assert line.supplied == [(1, "p"), (2, "p"), (3, "p")]
    assert made.ignored.counts() == {"exposed before the trigger": 1}


def test_triggers_while_a_camera_is_away_are_not_remembered_for_ever() -> None:
    """A camera may be away for days while the line goes on."""
    made, line, _ = desk()
    for number in range(20):
        made.fire(f"p-{number}")
        line.expire(number)
    assert made.waiting == 1
    made.take("top", frame("x"))
    assert made.waiting == 0


def test_who_triggers_hears_the_result() -> None:
    made, line, _ = desk()
    heard: list[InspectionResult] = []
    made.fire("a", heard.append)
    assert line.tickets[0].listener == heard.append


@pytest.mark.parametrize(
    ("payload", "part_id"),
    [(b'{"part_id": "a-7"}', "a-7"), (b"a-7", "a-7"), (b"1234", "1234"), (b"", None), (b'{"x": 1}', None),
     (b"\xff\xfe", "\ufffd\ufffd"), (b"x" * 300, "x" * 128), (b"1.10", "1.10"), (b"4711E12", "4711E12"),
     (b"NaN", "NaN"), (b"true", "true"), (b'"a-7"', "a-7"), (b'{"part_id": 1234}', "1234"), (b"[" * 50_000, "[" * 128),
     (b'{"part_id": "a\\ud800"}', "a?")],
)  # fmt: skip
def test_the_part_that_a_message_names(payload: bytes, part_id: str | None) -> None:
    assert part_id_of(payload) == part_id


@pytest.mark.parametrize(
    ("registers", "text"), [([0x612D, 0x3700], "a-7"), ([0, 0], None), ([0x2020], None), ([0x6162], "ab")]
)
def test_the_part_that_registers_name(registers: list[int], text: str | None) -> None:
    assert text_of(registers) == text


@pytest.mark.parametrize(
    ("package", "settings"),
    [
        ("paho", MqttTriggerSettings(kind="mqtt", host="broker", topic="t")),
        ("pymodbus", ModbusTriggerSettings(kind="modbus", host="plc", coil=0)),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, settings: TriggerSettings
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsInvalid, match=rf"trigger \(kind {settings.kind}\) needs {package}"):
        Trigger(settings, TOP, FakeLine(), None, FakeClock())
