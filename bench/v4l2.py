"""Every setting of a USB camera against a Video4Linux device; prints a JSON line for each.

    PYTHONPATH=. .venv/bin/python bench/v4l2.py --device /dev/video0 [--unplug DRIVER/DEVICE]

Any camera will do. `modprobe vivid` makes one where there is none: Linux' virtual video test driver has all formats,
and takes neither exposure nor white balance. With `--unplug vivid/vivid.0` (root) the device is taken from its driver
while frames come, and given back: the camera must say that it is lost, and open again.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from threading import Timer
from typing import Any

from edge.cameras.settings import UsbCameraSettings
from edge.cameras.usb import UsbCamera
from edge.clock import SystemClock
from edge.contract.errors import CameraLost
from edge.contract.frame import Frame

CLOCK = SystemClock()
_TRIALS: tuple[dict[str, Any], ...] = (
    {},
    {"width_px": 1280, "height_px": 720},
    {"width_px": 1281, "height_px": 720},
    {"width_px": 640, "height_px": 480, "rate_hz": 25.0},
    {"fourcc": "YUYV"},
    {"fourcc": "MJPG"},
    {"fourcc": "GREY", "pixel_format": "Mono8"},
    {"fourcc": "Y16 ", "pixel_format": "Mono16"},
    {"fourcc": "RGGB", "pixel_format": "BayerRG8"},
    {"fourcc": "GRBG", "pixel_format": "BayerGR8"},
    {"fourcc": "GBRG", "pixel_format": "BayerGB8"},
    {"fourcc": "BA81", "pixel_format": "BayerBG8"},
    {"fourcc": "RG16", "pixel_format": "BayerRG16"},
    {"fourcc": "BGR3", "pixel_format": "BGR8"},
    {"fourcc": "RGB3", "pixel_format": "RGB8"},
    {"gain": 10.0},
    {"exposure_us": 5000.0},
    {"white_balance_k": 4500.0},
)


def main() -> int:
    """Try each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="/dev/video0")
    parser.add_argument("--unplug", metavar="DRIVER/DEVICE", help="of /sys/bus/platform/drivers")
    options = parser.parse_args()
    for asked in _TRIALS:
        print(json.dumps({"asked": asked} | _tried(options.device, asked)), flush=True)
    if options.unplug:
        print(json.dumps(_unplugged(options.device, *options.unplug.split("/"))), flush=True)
    return 0


def _camera(device: str, **asked: Any) -> UsbCamera:
    return UsbCamera(UsbCameraSettings(kind="usb", device=device, **asked), CLOCK)


def _tried(device: str, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        with _camera(device, **asked) as camera:
            frames = [camera.grab(5.0) for _ in range(3)]
    except CameraLost as error:
        return {"lost": str(error)}
    return _seen(frames[-1])


def _seen(frame: object) -> dict[str, Any]:
    if not isinstance(frame, Frame) or frame.pixels is None:
        return {"fault": getattr(frame, "fault", str(frame))}
    pixels = frame.pixels
    mean = pixels.reshape(-1, 3).mean(axis=0).round(1).tolist()
    return {"shape": list(pixels.shape), "depth": pixels.dtype.name, "mean_rgb": mean}


def _unplugged(device: str, driver: str, name: str) -> dict[str, Any]:
    place = Path("/sys/bus/platform/drivers") / driver
    with _camera(device) as camera:
        camera.grab(5.0)
        Timer(1.0, (place / "unbind").write_text, [name]).start()
        started, frames = time.monotonic(), 0
        try:
            while time.monotonic() - started < 60:
                camera.grab(5.0)
                frames += 1
            said = "nothing: it goes on"
        except CameraLost as error:
            said = str(error)
    lost_after_s = time.monotonic() - started
    (place / "bind").write_text(name)
    with _camera(device) as camera:
        return {
            "unplugged": said, "frames_before": frames, "after_s": round(lost_after_s, 2),
            "plugged_in_again": _seen(camera.grab(5.0)),
        }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
