"""Facts of the trigger that sees parts."""

from pathlib import Path

import numpy as np
import pytest

from edge.contract.errors import SettingsInvalid
from edge.contract.frame import Frame
from edge.triggers.presence import PartPresence
from edge.triggers.settings import PresenceTriggerSettings, Region
from tests.support.edge_fakes import frame, grey, png


class Belt:
    """A trigger, and what it submitted."""

    def __init__(self, **settings: object) -> None:
        self.parts: list[Frame] = []
        self.gate = PartPresence(PresenceTriggerSettings(kind="presence", **settings), self.parts.append)
        self.count = 0

    def see(self, *values: int | None, size: tuple[int, int] = (200, 300)) -> None:
        """One frame each: the belt is 60, a part of another grey level covers a quarter of it; None is garbled."""
        for value in values:
            self.count += 1
            pixels = grey(60, size)
            if value is None:
                self.gate.take(Frame(None, f"f{self.count}", "c", frame().captured_at, 0, fault="garbled"))
                continue
            pixels[:100, :150] = value
            self.gate.take(frame(f"f{self.count}", pixels=pixels))

    def pass_by(self, *left_edges: int, level: int = 200, width: int = 80) -> None:
        """One frame each: a part whose left edge is there, on a belt of 300 columns."""
        for left in left_edges:
            self.count += 1
            pixels = grey(60, (200, 300))
            pixels[50:150, max(0, left) : max(0, left + width)] = level
            self.gate.take(frame(f"f{self.count}", pixels=pixels))

    @property
    def judged(self) -> list[str]:
        """The frames that were parts."""
        return [part.part_id for part in self.parts]


def test_each_part_is_judged_once_in_the_frame_in_which_it_has_settled() -> None:
    """Every other frame is counted with its reason."""
    belt = Belt()
    belt.see(60, 60, 200, 200, 200, 200, 60, 60, 60, 20, 20, 20, 60, 60)
    assert belt.judged == ["f4", "f11"]
    ignored = belt.gate.ignored.counts()
    assert ignored == {"no part": 3, "not settled": 2, "same part": 3, "part gone": 4}
    assert sum(ignored.values()) + len(belt.parts) == belt.count


def test_a_region_that_is_outside_of_the_frames_is_told_and_not_waited_in_for_ever() -> None:
    """Settings of another camera, or a camera that came back with another size."""
    belt = Belt(roi=Region(x_px=250, y_px=0, width_px=50, height_px=50))
    belt.see(60, size=(200, 300))
    belt.see(60, 200, 200, size=(100, 200))
    assert [(part.part_id, part.fault) for part in belt.parts] == [
        ("f2", "trigger: roi from 250,0 is outside a frame of 200x100 px")
    ]
    assert belt.gate.ignored.counts() == {"no part": 1, "garbled": 2}


def test_a_flicker_is_no_part_and_no_gap() -> None:
    belt = Belt()
    belt.see(60, 200, 60, 200, 60, 200, 200, 60, 200, 60, 200)
    assert belt.judged == ["f7"]


def test_light_that_drifts_is_no_part() -> None:
    belt = Belt(min_change=20.0)
    for level in range(60, 120):
        belt.gate.take(frame(pixels=grey(level, (200, 300))))
    assert belt.parts == []


def test_only_the_region_counts() -> None:
    elsewhere = Belt(roi=Region(x_px=200, y_px=120, width_px=64, height_px=64), settle_frames=1)
    elsewhere.see(60, 200, 200)
    here = Belt(roi=Region(x_px=0, y_px=0, width_px=64, height_px=64), settle_frames=1)
    here.see(60, 200, 200)
    assert (elsewhere.judged, here.judged) == ([], ["f2"])


def test_the_first_garbled_frame_in_a_row_is_a_part() -> None:
    """There may be one on it, and it must not pass unseen."""
    belt = Belt()
    belt.see(60, None, None, None, 60, None)
    assert belt.judged == ["f2", "f6"]
    assert belt.gate.ignored.counts() == {"no part": 2, "garbled": 2}


def test_a_part_that_stays_becomes_background_so_that_the_next_one_is_seen() -> None:
    belt = Belt(relearn_frames=10)
    belt.see(*[60] * 2, *[200] * 14, *[20] * 3)
    assert belt.judged == ["f4", "f18"]


def test_a_line_that_stood_still_goes_on_with_parts_and_not_with_gaps() -> None:
    """A part in view for minutes became background, and each gap was judged in place of the parts from then on."""
    belt = Belt(relearn_frames=10)
    belt.see(*[60] * 2, *[200] * 3, *[60] * 3, *[200] * 30)
    belt.see(*[60] * 3, *[200] * 3, *[60] * 3, *[20] * 3, *[60] * 3, *[200] * 3)
    assert belt.judged == ["f4", "f10", "f43", "f49", "f55"]


def test_a_part_that_flickers_after_it_became_background_is_no_second_one() -> None:
    belt = Belt(relearn_frames=10)
    belt.see(60, *[200] * 2, *[60] * 2, *[200] * 15, 60, *[200] * 5, *[60] * 2, *[200] * 2)
    assert belt.judged == ["f3", "f7", "f30"]


def test_light_that_was_changed_may_change_back() -> None:
    """Either is the empty belt; parts are seen in both."""
    belt = Belt(relearn_frames=10)
    dark = [grey(20, (200, 300))] * 15
    belt.see(*[60] * 2, *[200] * 3, *[60] * 3)
    for pixels in dark:
        belt.gate.take(frame("dark", pixels=pixels))
    assert belt.judged == ["f4", "dark"]
    belt.see(*[60] * 3, *[200] * 3)
    assert belt.judged == ["f4", "dark", "f13"]


@pytest.mark.parametrize("speed", [4, 12, 25, 60, 300])
@pytest.mark.parametrize("width", [80, 180])
def test_a_start_with_a_part_in_view_does_not_take_the_gaps_for_parts(
    speed: int, width: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It was learnt as the empty belt, and each gap was judged in place of the parts."""
    belt = Belt()
    belt.pass_by(*[40] * 3, *range(40, 300, speed), *[300] * 5, width=width)
    assert "the background held a part that has gone" in caplog.text
    assert ("in view at the start and was not judged" in caplog.text) == (not belt.parts)
    assert len(belt.parts) <= 1
    belt.parts.clear()
    first = belt.count + 1
    for _ in range(3):
        belt.pass_by(*[100] * 5, *[300] * 5, width=width)
    assert belt.judged == [f"f{first + 1}", f"f{first + 11}", f"f{first + 21}"]


def test_another_part_in_the_place_of_one_that_stayed_since_the_start_is_judged() -> None:
    """It stands there, with edges as the one before has them: only what leaves takes them with it."""
    belt = Belt()
    belt.pass_by(*[100] * 3)
    belt.pass_by(*[100] * 3, level=110)
    assert belt.judged == ["f5"]


@pytest.mark.parametrize("speed", [3, 12, 25])
@pytest.mark.parametrize("width", [80, 180])
def test_a_part_that_leaves_slowly_after_a_stop_of_the_line_is_judged_once(speed: int, width: int) -> None:
    """It differed from itself as it had stood there, and was judged again for each of its lengths."""
    belt = Belt(relearn_frames=100)
    belt.pass_by(*[300] * 3, *[100] * 3, *[300] * 3, *[100] * 10, *[40] * 110, width=width)
    assert belt.judged == ["f5", "f11"]
    belt.pass_by(*range(40, 300, speed), *[300] * 5, *[100] * 3, width=width)
    assert belt.judged == ["f5", "f11", f"f{belt.count - 1}"]


def test_a_part_that_goes_on_after_a_stop_in_another_light_is_judged_once() -> None:
    """The empty belt looks other than it did, and is known by what has left it."""
    belt = Belt(relearn_frames=10)
    belt.pass_by(*[300] * 3, *[100] * 3, *[300] * 3)
    lit = [grey(120, (200, 300)) for _ in range(20)]
    for pixels in lit:
        pixels[50:150, 100:180] = 200
    for pixels in (*lit, *[grey(120, (200, 300))] * 5, *lit[:3]):
        belt.count += 1
        belt.gate.take(frame(f"f{belt.count}", pixels=pixels))
    assert belt.judged == ["f5", "f11", "f36"]


def test_a_picture_of_the_empty_belt_lets_a_station_start_with_a_part_in_view(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(png(60, (200, 300)))
    belt = Belt(background_file=tmp_path / "empty.png")
    belt.see(200, 200, 60, 60)
    assert belt.judged == ["f2"]


def test_a_background_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_text("nothing")
    with pytest.raises(SettingsInvalid, match=r"empty\.png"):
        Belt(background_file=tmp_path / "empty.png")


def test_sixteen_bits_are_seen_like_eight() -> None:
    belt = Belt(settle_frames=1)
    for value in (60, 60, 200):
        pixels = (grey(60, (200, 300)).astype(np.uint16)) * 257
        pixels[:100, :150] = value * 257
        belt.gate.take(frame(pixels=pixels))
    assert len(belt.parts) == 1
