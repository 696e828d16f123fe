"""Facts of the camera's thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from edge.backoff import Backoff
from edge.cameras.protocol import NoFrame
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame
from edge.station.camera_loop import CameraLoop
from tests.support.edge_fakes import FakeCamera, eventually, frame


@contextmanager
def looping(camera: FakeCamera, *, may_start: bool = True) -> Iterator[tuple[CameraLoop, list[Frame], Event]]:
    """A running loop and what it submitted."""
    gate, submitted = Event(), []
    if may_start:
        gate.set()
    loop = CameraLoop(camera, submitted.append, gate, Backoff(0.001, 0.001))
    loop.worker.start()
    try:
        yield loop, submitted, gate
    finally:
        loop.stop()


def test_every_frame_is_submitted() -> None:
    camera = FakeCamera([frame("1"), NoFrame.NOT_YET, frame("2")])
    with looping(camera) as (loop, submitted, _):
        eventually(lambda: len(submitted) == 2)
        assert loop.status().connected
    assert [f.part_id for f in submitted] == ["1", "2"]
    assert camera.closed == 1


def test_a_lost_camera_is_connected_again_and_shown() -> None:
    camera = FakeCamera([frame("1"), CameraLost("cable pulled"), frame("2")], lost_on_open=2)
    with looping(camera) as (loop, submitted, _):
        eventually(lambda: len(submitted) == 2)
        assert loop.status().connected
        assert loop.status().times_lost == 3
    assert camera.opened == 2


def test_the_fault_is_shown_while_it_is_away() -> None:
    camera = FakeCamera([], lost_on_open=10**9)
    with looping(camera) as (loop, _, _):
        eventually(lambda: loop.status().fault == "fake: not there")
        assert not loop.status().connected


def test_it_waits_for_the_first_bundle() -> None:
    """Nothing is opened before the gate."""
    camera = FakeCamera([frame("1")])
    with looping(camera, may_start=False) as (_, submitted, gate):
        assert camera.opened == 0
        gate.set()
        eventually(lambda: submitted)


def test_the_end_of_the_frames_is_told() -> None:
    camera = FakeCamera([frame("1"), NoFrame.END])
    with looping(camera) as (loop, _, _):
        assert loop.ended.wait(10)
        assert loop.status().finished
