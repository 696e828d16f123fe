"""Facts of the folder camera."""

from pathlib import Path

import pytest

from edge.cameras.build import build_camera
from edge.cameras.folder import FolderCamera, part_ids
from edge.cameras.protocol import NoFrame
from edge.cameras.push import PushCamera, PushedFrames
from edge.cameras.settings import FolderCameraSettings, PushCameraSettings
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame
from tests.support.edge_fakes import FakeClock, png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good files, a torn one, and something that is no image."""
    for name, data in (("b.png", png(10)), ("a.png", png(20)), ("c.png", png()[:40]), ("notes.txt", b"x")):
        (tmp_path / name).write_bytes(data)
    return tmp_path


def camera(folder: Path, clock: FakeClock | None = None, **settings: object) -> FolderCamera:
    """An open camera."""
    made = FolderCamera(FolderCameraSettings(kind="folder", folder=folder, **settings), clock or FakeClock())
    made.open()
    return made


def all_frames(made: FolderCamera) -> list[Frame]:
    """Everything up to the end."""
    frames = []
    while (item := made.grab(100.0)) is not NoFrame.END:
        assert isinstance(item, Frame)
        frames.append(item)
    return frames


def test_files_come_sorted_with_their_original_bytes(folder: Path) -> None:
    frames = all_frames(camera(folder))
    assert [f.part_id for f in frames] == ["a", "b", "c"]
    assert frames[0].encoded.data == (folder / "a.png").read_bytes()
    assert frames[0].pixels[0, 0].tolist() == [20, 20, 20]
    assert (frames[0].source, frames[0].camera) == ("a.png", "camera")


def test_a_torn_file_is_a_trigger_with_a_fault(folder: Path) -> None:
    torn = all_frames(camera(folder))[2]
    assert torn.pixels is None
    assert "c.png" in torn.fault
    assert torn.encoded.data == (folder / "c.png").read_bytes()


def test_the_end_stays_the_end(folder: Path) -> None:
    made = camera(folder)
    all_frames(made)
    assert made.grab(1.0) is NoFrame.END


def test_looping_makes_ids_unique_by_the_pass(folder: Path) -> None:
    frames = all_frames(camera(folder, loop=True, limit=7))
    assert [f.part_id for f in frames] == ["a-1", "b-1", "c-1", "a-2", "b-2", "c-2", "a-3"]


def test_the_order_file_decides(folder: Path) -> None:
    """A listed file that is missing is a trigger too, with a fault."""
    (folder / "order.txt").write_text("b.png\n# a comment\nmissing.png\n\na.png\n")
    frames = all_frames(camera(folder, order_file=folder / "order.txt"))
    assert [f.part_id for f in frames] == ["b", "missing", "a"]
    assert frames[1].fault == "missing.png: No such file or directory"
    assert frames[1].encoded is None


def test_frames_come_at_the_rate(folder: Path) -> None:
    """At 4 Hz the second frame comes a quarter of a second after the first, in one or several waits."""
    clock = FakeClock()
    made = camera(folder, clock, rate_hz=4)
    first = made.grab(10.0)
    assert made.grab(0.1) is NoFrame.NOT_YET
    second = made.grab(10.0)
    assert second.received_us - first.received_us == 250_000


def test_a_late_frame_does_not_cause_a_burst(folder: Path) -> None:
    clock = FakeClock()
    made = camera(folder, clock, rate_hz=10)
    made.grab(10.0)
    clock.us += 5_000_000
    second, third = made.grab(10.0), made.grab(10.0)
    assert third.received_us - second.received_us == 100_000


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_images_is_a_lost_camera(tmp_path: Path, name: str) -> None:
    """Files may be on their way; the station tries again."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(CameraLost, match=name):
        camera(tmp_path / name)


def test_grabbing_without_opening_is_refused(folder: Path) -> None:
    made = FolderCamera(FolderCameraSettings(kind="folder", folder=folder), FakeClock())
    with pytest.raises(CameraLost, match="not open"):
        made.grab(0.1)


def test_it_goes_on_where_it_was_after_reconnecting(folder: Path) -> None:
    made = camera(folder)
    made.grab(10.0)
    made.close()
    made.open()
    assert made.grab(10.0).part_id == "b"


def test_it_is_a_context_manager(folder: Path) -> None:
    with FolderCamera(FolderCameraSettings(kind="folder", folder=folder), FakeClock()) as made:
        assert isinstance(made.grab(1.0), Frame)
    with pytest.raises(CameraLost):
        made.grab(1.0)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.png", "b.png"], ["a", "b"]),
        (["a.png", "a.jpg"], ["a.png", "a.jpg"]),
        (["good/0.png", "bad/0.png"], ["good_0.png", "bad_0.png"]),
        (["a.png", "a.png"], ["a.png", "a.png#2"]),
    ],
)
def test_part_ids_are_stems_where_that_is_unique(names: list[str], expected: list[str]) -> None:
    assert part_ids(names) == expected


def test_part_ids_fit_into_a_result() -> None:
    """Also with a very long file name and a pass number behind it."""
    assert max(len(name) for name in part_ids(["x" * 200 + ".png", "y" * 250 + ".png"])) <= 120


def test_settings_choose_the_camera(folder: Path) -> None:
    folder_settings = FolderCameraSettings(kind="folder", folder=folder)
    assert isinstance(build_camera(folder_settings, FakeClock()), FolderCamera)
    assert isinstance(build_camera(PushCameraSettings(kind="push"), FakeClock()), PushCamera)


def test_a_push_camera_never_delivers_by_itself() -> None:
    clock = FakeClock()
    with PushCamera(PushCameraSettings(kind="push"), clock) as made:
        assert made.grab(0.2) is NoFrame.NOT_YET
    assert clock.slept == [0.2]


def test_pushed_bytes_become_a_frame() -> None:
    made = PushedFrames("push", FakeClock(), 10_000).frame(png(7), "part-1")
    assert (made.part_id, made.camera, made.fault) == ("part-1", "push", None)
    assert made.pixels[0, 0, 0] == 7
    assert made.encoded.media_type == "image/png"


def test_pushed_nonsense_becomes_a_frame_with_a_fault_and_an_id() -> None:
    first, second = (PushedFrames("push", FakeClock(), 10_000).frame(b"nonsense") for _ in range(2))
    assert first.pixels is None
    assert "expected a PNG" in first.fault
    assert first.part_id != second.part_id
