"""Cameras against something real: files, servers on loopback, simulated GigE Vision and USB3 Vision devices."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import SecretStr
from viva_genicam.testing import FakeGigeCamera, FakeU3vCamera

from edge.cameras.build import build_camera
from edge.cameras.genicam import GenicamCamera
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import (
    GenicamCameraSettings,
    StreamCameraSettings,
    UsbCameraSettings,
    VideoCameraSettings,
)
from edge.cameras.stream import StreamCamera
from edge.cameras.usb import UsbCamera
from edge.cameras.video import VideoCamera
from edge.clock import SystemClock
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame
from tests.support.broker import free_port
from tests.support.edge_fakes import FakeClock, eventually, grey
from tests.support.stations import StationFolder, station_process
from tests.support.video_servers import mjpeg_server, rtsp_server

CLOCK = SystemClock()
GREYS = (40, 90, 140, 190, 240)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five frames, each brighter than the one before, as motion JPEG."""
    path = tmp_path_factory.mktemp("film") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, (64, 48))
    for value in GREYS:
        writer.write(grey(value, (48, 64)))
    writer.release()
    return path


def frames_of(camera: Camera, count: int) -> list[Frame]:
    """The next frames."""
    found: list[Frame] = []
    while len(found) < count:
        frame = camera.grab(1.0)
        assert frame is not NoFrame.END
        if isinstance(frame, Frame):
            found.append(frame)
    return found


def brightness(frames: list[Frame]) -> list[int]:
    """Mean of each, to the nearest ten."""
    return [round(float(np.mean(f.pixels)) / 10) * 10 for f in frames if f.pixels is not None]


def video(film: Path, **changes: Any) -> VideoCamera:
    """A replay that takes no time."""
    return VideoCamera(VideoCameraSettings(kind="video", path=film, **changes), FakeClock())


def test_a_film_is_replayed_frame_by_frame_to_its_end(film: Path) -> None:
    with video(film) as camera:
        frames = frames_of(camera, 5)
        assert camera.grab(1.0) is NoFrame.END
    assert brightness(frames) == [40, 90, 140, 190, 240]
    assert len({f.part_id for f in frames}) == 5
    assert (frames[0].pixels.shape, frames[4].source) == ((48, 64, 3), "film.avi#5")


def test_a_film_may_start_again(film: Path) -> None:
    with video(film, loop=True, rate_hz=100.0) as camera:
        assert brightness(frames_of(camera, 7)) == [40, 90, 140, 190, 240, 40, 90]


def test_a_film_that_is_not_there_or_none_is_a_lost_camera(tmp_path: Path) -> None:
    (tmp_path / "text.avi").write_text("no film")
    for name in ("missing.avi", "text.avi"):
        with pytest.raises(CameraLost, match=name):
            video(tmp_path / name).open()


def stream(url: str, **changes: Any) -> StreamCamera:
    """A network camera."""
    return StreamCamera(StreamCameraSettings(kind="stream", url=SecretStr(url), **changes), CLOCK)


def jpeg(value: int) -> bytes:
    """A noisy grey picture, 64x48 px."""
    noise = np.random.default_rng(value).normal(0, 3, (48, 64, 3))
    return cv2.imencode(".jpg", np.clip(grey(value, (48, 64)) + noise, 0, 255).astype(np.uint8))[1].tobytes()


def test_motion_jpeg_is_delivered_and_its_end_is_a_lost_camera() -> None:
    """Connected again on the same address, it goes on with part ids of its own."""
    port = free_port()
    camera = stream(f"http://127.0.0.1:{port}/stream.mjpg")
    with pytest.raises(CameraLost, match="refused"):
        camera.open()
    seen: list[Frame] = []
    for _ in range(2):
        with mjpeg_server([jpeg(value) for value in GREYS], port):
            camera.open()
            seen += frames_of(camera, 4)  # connecting takes the first one
            with pytest.raises(CameraLost):
                frames_of(camera, 1)
            camera.close()
    assert brightness(seen) == 2 * [90, 140, 190, 240]
    assert len({f.part_id for f in seen}) == 8


def test_a_garbled_picture_is_a_frame_with_a_fault_and_the_next_one_is_fine() -> None:
    torn = jpeg(140)[:-120]
    pictures = [jpeg(40), jpeg(90), b"\xff\xd8\xff" + b"nonsense" * 9, torn, jpeg(240)]
    with mjpeg_server(pictures) as url, stream(url) as camera:
        frames = frames_of(camera, 4)
    assert [f.pixels is None for f in frames] == [False, True, True, False]
    assert all("garbled" in (f.fault or "") for f in frames[1:3])
    assert brightness(frames) == [90, 240]


@pytest.mark.parametrize(
    ("login", "path"), [("user:s3cret@", "/stream"), ("", "/user=admin&password=s3cret"), ("a@b:s3cret@", "")]
)
@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_password_in_the_address_is_never_shown(scheme: str, login: str, path: str) -> None:
    """What is said of a camera stands in the log, on the page and in a message to a broker."""
    port = free_port()
    with pytest.raises(CameraLost, match=f"refused.*{scheme}://127.0.0.1:{port}'") as lost:
        stream(f"{scheme}://{login}127.0.0.1:{port}{path}").open()
    assert "s3cret" not in str(lost.value)


def test_a_camera_that_takes_the_connection_and_says_nothing_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        camera = stream(f"http://127.0.0.1:{silent.getsockname()[1]}/x", timeout_s=0.2)
        with pytest.raises(CameraLost, match=r"no answer within 0\.2 s"):
            camera.open()


def opens(camera: StreamCamera) -> bool:
    """Whether it delivers already: on a busy machine a server takes connections before it has a picture."""
    try:
        camera.open()
    except CameraLost:
        return False
    return True


@pytest.mark.rtsp
def test_rtsp_is_delivered_and_an_unplugged_camera_comes_back() -> None:
    """A real RTSP server is killed and started again."""
    port = free_port()
    with rtsp_server(port) as url:
        camera = stream(url, timeout_s=5.0)
        eventually(lambda: opens(camera))
        frames = frames_of(camera, 3)
    with pytest.raises(CameraLost):
        frames_of(camera, 500)
    camera.close()
    with pytest.raises(CameraLost):
        camera.open()
    with rtsp_server(port):
        eventually(lambda: opens(camera))
        frames += frames_of(camera, 3)
        camera.close()
    assert {f.pixels.shape for f in frames} == {(48, 64, 3)}
    assert len({f.part_id for f in frames}) == 6


def usb(film: Path, **changes: Any) -> UsbCamera:
    """OpenCV's capture, on a film instead of a device."""
    settings = UsbCameraSettings(kind="usb", device=str(film), **changes)
    return UsbCamera(settings, CLOCK, lambda device: cv2.VideoCapture(device, cv2.CAP_FFMPEG))


def test_opencv_frames_become_rgb_and_the_end_of_them_a_lost_camera(film: Path) -> None:
    with usb(film) as camera:
        assert brightness(frames_of(camera, 5)) == [40, 90, 140, 190, 240]
        with pytest.raises(CameraLost, match="delivers no frame"):
            camera.grab(1.0)


def test_a_usb_camera_that_is_not_there_is_named() -> None:
    camera = build_camera(UsbCameraSettings(kind="usb", device="/dev/video99"), CLOCK)
    with pytest.raises(CameraLost, match="/dev/video99"):
        camera.open()
    camera.close()


def test_a_usb_camera_that_does_not_take_a_setting_is_lost_with_its_name(film: Path) -> None:
    """Better no verdict than one on pictures of another exposure."""
    with pytest.raises(CameraLost, match="manual exposure"):
        usb(film, exposure_us=5000.0).open()


class MosaicDevice:
    """As OpenCV hands over a V4L2 device with a format that it does not convert: each frame is one row of bytes."""

    def __init__(self, given: dict[int, float], mosaic: np.ndarray) -> None:
        self._given = given
        self._mosaic = mosaic
        self.asked: list[tuple[int, float]] = []

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """It is there."""
        return True

    def set(self, prop: int, value: float) -> bool:
        """Say yes to everything, as Video4Linux does: the driver takes what is nearest."""
        self.asked.append((prop, value))
        return True

    def get(self, prop: int) -> float:
        """What the driver gives, whatever was asked."""
        return self._given[prop]

    def read(self) -> tuple[bool, np.ndarray]:
        """The frame, without its shape."""
        return True, self._mosaic.reshape(1, -1)

    def release(self) -> None:
        """Nothing to let go."""


def mosaic_device() -> MosaicDevice:
    """Red pixels only, 6x4 px, fourcc RGGB."""
    mosaic = np.zeros((4, 6), np.uint8)
    mosaic[::2, ::2] = 200
    given = {
        cv2.CAP_PROP_FRAME_WIDTH: 6.0,
        cv2.CAP_PROP_FRAME_HEIGHT: 4.0,
        cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"RGGB")),
    }
    return MosaicDevice(given, mosaic)


def mosaic_camera(device: MosaicDevice | None = None, **changes: Any) -> UsbCamera:
    """That device behind settings."""
    settings = UsbCameraSettings(kind="usb", device="/dev/video0", **changes)
    return UsbCamera(settings, CLOCK, lambda _: device or mosaic_device())


def test_exposure_and_white_balance_are_set_by_hand_first() -> None:
    """By Video4Linux' numbers: exposure counts in 100 us, and neither is taken while the camera decides by itself."""
    device = mosaic_device()
    with mosaic_camera(device, exposure_us=5000.0, white_balance_k=4500.0):
        assert device.asked == [
            (cv2.CAP_PROP_AUTO_EXPOSURE, 1), (cv2.CAP_PROP_EXPOSURE, 50.0),
            (cv2.CAP_PROP_AUTO_WB, 0), (cv2.CAP_PROP_WB_TEMPERATURE, 4500.0),
        ]  # fmt: skip


def test_a_mosaic_from_video4linux_becomes_a_picture() -> None:
    with mosaic_camera(pixel_format="BayerRG8", fourcc="RGGB") as camera:
        frame = camera.grab(1.0)
    assert frame.pixels.shape == (4, 6, 3)
    assert frame.pixels[1, 2].tolist() == [200, 0, 0]


def test_a_mosaic_of_another_depth_is_undecided_with_its_size() -> None:
    with mosaic_camera(pixel_format="BayerRG16") as camera:
        frame = camera.grab(1.0)
    assert frame.pixels is None
    assert "expected 48 bytes of BayerRG16 6x4, got 24" in frame.fault


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"fourcc": "MJPG"}, "fourcc = MJPG, it gives RGGB"),
        ({"width_px": 8}, "width_px = 8, it gives 6"),
        ({"height_px": 8}, "height_px = 8, it gives 4"),
    ],
)
def test_a_format_that_the_driver_replaced_is_not_taken(asked: dict[str, Any], said: str) -> None:
    """Pictures of another size or compression than asked for are judged differently."""
    with pytest.raises(CameraLost, match=said):
        mosaic_camera(**asked).open()


@contextmanager
def gige(
    pixel_format: str = "Mono8", fps: int = 200, lost: Sequence[tuple[int, int]] = (), **changes: Any
) -> Iterator[tuple[GenicamCamera, FakeGigeCamera]]:
    """A camera of 64x48 px behind the whole GigE Vision protocol on loopback; `lost` packets are never sent again."""
    settings = GenicamCameraSettings(kind="genicam", address="127.0.0.1", interface="127.0.0.1", **changes)
    packets = {"packet_resend": not lost, "drop_packets": lost}
    with FakeGigeCamera(width=64, height=48, fps=fps, pixel_format=pixel_format, **packets) as device:
        camera = GenicamCamera(settings, CLOCK)
        yield camera, device
        camera.close()


@pytest.mark.parametrize(
    ("pixel_format", "kind"), [("Mono8", np.uint8), ("Mono12p", np.uint16), ("BayerRG8", np.uint8), ("RGB8", np.uint8)]
)
def test_gige_vision_delivers_rgb_in_every_format(pixel_format: str, kind: type) -> None:
    """12 bits come as 16, with white at the top."""
    with gige(pixel_format) as (camera, _):
        camera.open()
        pixels = frames_of(camera, 2)[1].pixels
    assert (pixels.shape, pixels.dtype) == ((48, 64, 3), kind)
    if pixel_format == "Mono12p":
        assert pixels.max() == 4095 << 4


def test_frames_that_lost_packets_on_their_way_are_told_in_their_place() -> None:
    """Where a trigger line exposes them, each was a part: of the third nothing came at all."""
    lost = [(2, 1), *((3, packet) for packet in range(8)), (4, 0)]
    with gige(fps=20, lost=lost) as (camera, _):
        camera.open()
        frames = frames_of(camera, 5)
    assert [frame.fault for frame in frames] == [
        None,
        "garbled: 1 of its packets never arrived",
        "lost on its way from the camera",
        "garbled: 1 of its packets never arrived",
        None,
    ]
    assert [frame.part_id[-1] for frame in frames] == ["1", "2", "3", "4", "5"]


def test_frames_that_come_faster_than_they_are_taken_are_told() -> None:
    """The library keeps a few and throws the others away."""
    with gige() as (camera, _):
        camera.open()
        eventually(lambda: camera._stream.stats().frames_backpressure > 9)
        frames = frames_of(camera, 9)
    assert {frame.fault for frame in frames} == {"lost on its way from the camera"}


def test_exposure_gain_and_trigger_line_reach_the_device() -> None:
    """Waiting for a trigger, it delivers nothing, and that is no fault."""
    with gige(exposure_us=1234.0, gain_db=3.0, trigger_line="Line1", features={"AcquisitionMode": "Continuous"}) as (
        camera,
        device,
    ):
        camera.open()
        at = device.REGISTERS
        exposure, gain = (device.peek(at[name], 8) for name in ("ExposureTime", "Gain"))
        assert camera.grab(0.05) is NoFrame.NOT_YET
    assert (np.frombuffer(exposure, ">f8")[0], np.frombuffer(gain, ">f8")[0]) == (1234.0, 3.0)


def test_a_camera_that_waits_for_its_trigger_is_lost_only_when_it_does_not_answer() -> None:
    """A line may pause for hours; a camera that is unplugged then, or started again, is connected again."""
    settings = GenicamCameraSettings(kind="genicam", address="127.0.0.1", interface="127.0.0.1", trigger_line="Line1")
    clock = FakeClock()
    camera = build_camera(settings, clock)
    with FakeGigeCamera(width=64, height=48):
        camera.open()
        for _ in range(3):
            clock.us += 3_600_000_000
            assert camera.grab(0.01) is NoFrame.NOT_YET
    with FakeGigeCamera(width=64, height=48):
        clock.us += 3_600_000_000
        with pytest.raises(CameraLost, match="started again, or another application took it"):
            camera.grab(0.01)
        camera.close()
        camera.open()
    clock.us += 3_600_000_000
    with pytest.raises(CameraLost, match="does not answer any more"):
        camera.grab(0.01)
    camera.close()


def test_a_feature_that_the_camera_has_not_is_named() -> None:
    with gige(features={"Nonsense": "1"}) as (camera, _), pytest.raises(CameraLost, match="Nonsense = 1"):
        camera.open()


def test_a_missing_industrial_camera_is_told_with_those_that_are_there() -> None:
    with FakeGigeCamera(width=64, height=48):
        settings = GenicamCameraSettings(kind="genicam", address="192.0.2.7", interface="127.0.0.1")
        with pytest.raises(CameraLost, match=r"expected 192.0.2.7, found 127.0.0.1"):
            GenicamCamera(settings, CLOCK).open()


def test_usb3_vision_delivers_frames() -> None:
    device = FakeU3vCamera(width=64, height=48)
    settings = GenicamCameraSettings(kind="genicam", transport="usb3")
    with GenicamCamera(settings, CLOCK, lambda _: device.connect()) as camera:
        assert frames_of(camera, 2)[0].pixels.shape == (48, 64, 3)
        camera._check_control(camera._device)  # as where no frame comes: it answers
        assert device.acquiring()
    assert not device.acquiring()


def test_a_station_runs_by_itself_on_a_simulated_line(tmp_path: Path) -> None:
    """Every part is judged; the truth stands beside it."""
    folder = StationFolder(tmp_path)
    camera = {
        "kind": "simulated", "rate_hz": 500.0, "size_px": 64, "limit": 20, "defect_fraction": 0.5, "exit_at_end": True,
    }  # fmt: skip
    with station_process(folder.settings_file(camera=camera)) as station:
        assert station.process.wait(30) == 0
    results = folder.results()
    assert len(results) == 20
    assert {r["source"].split(": ")[1] for r in results} > {"good"}
