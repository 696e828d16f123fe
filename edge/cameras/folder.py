"""A folder of image files, replayed as a camera."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from edge.cameras.pace import Pace
from edge.cameras.protocol import Camera, NoFrame
from edge.cameras.settings import FolderCameraSettings
from edge.clock import Clock
from edge.contract.errors import CameraLost, FrameRejected
from edge.contract.frame import EncodedImage, Frame, Pixels
from edge.preprocess import decode, media_type_of

__all__ = ["FolderCamera", "image_files", "part_ids"]

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
_MAX_ID = 120  # a part id has up to 128 characters; the pass number needs some


class FolderCamera(Camera):
    """Delivers the files of a folder at a fixed rate, in sorted order or in the order of a list.

    A file that is missing or cannot be decoded is still a trigger: it comes as a frame with a fault.
    """

    def __init__(self, settings: FolderCameraSettings, clock: Clock) -> None:
        """Prepare; nothing is read before `open`."""
        self.name = settings.name
        self._settings = settings
        self._clock = clock
        self._files: list[Path] = []
        self._ids: list[str] = []
        self._delivered = 0
        self._pace = Pace(settings.rate_hz, clock)

    def open(self) -> None:
        """List the files.

        Raises:
            CameraLost: the folder or the list is missing or names no image; files may still be on their way.
        """
        files = _list_files(self._settings.folder, self._settings.order_file)
        if not files:
            msg = f"camera {self.name}: expected image files in {self._settings.folder}, found none"
            raise CameraLost(msg)
        self._files = files
        self._ids = part_ids([_relative(file, self._settings.folder) for file in files])
        self._pace.restart()

    def grab(self, timeout_s: float) -> Frame | NoFrame:
        """Wait until the next frame is due, at most `timeout_s`, and read it.

        Raises:
            CameraLost: it was not opened.
        """
        if not self._files:
            msg = f"camera {self.name}: not open"
            raise CameraLost(msg)
        if self._at_end():
            return NoFrame.END
        if not self._pace.wait(timeout_s):
            return NoFrame.NOT_YET
        return self._read_next()

    def close(self) -> None:
        """Forget the list of files; the position stays."""
        self._files = []

    def _at_end(self) -> bool:
        limit = self._settings.limit
        if limit is not None and self._delivered >= limit:
            return True
        return not self._settings.loop and self._delivered >= len(self._files)

    def _read_next(self) -> Frame:
        turn, index = divmod(self._delivered, len(self._files))
        self._delivered += 1
        part_id = f"{self._ids[index]}-{turn + 1}" if self._settings.loop else self._ids[index]
        return self._read(self._files[index], part_id)

    def _read(self, file: Path, part_id: str) -> Frame:
        encoded, pixels, fault = _read_file(file)
        return Frame(
            pixels=pixels,
            part_id=part_id,
            camera=self.name,
            captured_at=self._clock.utc(),
            # The file stands for the sensor: a camera's frame is in memory once it is decoded.
            received_us=self._clock.now_us(),
            encoded=encoded,
            fault=fault,
            source=_relative(file, self._settings.folder)[-300:],
        )


def image_files(folder: Path) -> list[Path]:
    """The image files directly in `folder`, by their suffix, sorted by name."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)


def part_ids(names: Sequence[str]) -> list[str]:
    """An id for each file name: its stem where that is unique, otherwise as much of the path as it takes."""
    stems = Counter(Path(name).stem for name in names)
    seen: Counter[str] = Counter()
    ids = []
    for name in names:
        stem = Path(name).stem
        base = (stem if stems[stem] == 1 else name.replace("/", "_"))[-_MAX_ID:]
        seen[base] += 1
        ids.append(base if seen[base] == 1 else f"{base}#{seen[base]}"[-_MAX_ID:])
    return ids


def _list_files(folder: Path, order_file: Path | None) -> list[Path]:
    try:
        if order_file is None:
            return image_files(folder)
        lines = order_file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"folder camera: {error}"
        raise CameraLost(msg) from error
    return [folder / line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _read_file(file: Path) -> tuple[EncodedImage | None, Pixels | None, str | None]:
    """Bytes, pixels and fault of a file; what could not be had is None."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return None, None, f"{file.name}: {error.strerror or error}"
    encoded = EncodedImage(data, media_type_of(data))
    try:
        return encoded, decode(data), None
    except FrameRejected as error:
        return encoded, None, f"{file.name}: {error}"


def _relative(file: Path, folder: Path) -> str:
    name = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.as_posix()
    return name.encode("utf-8", "replace").decode("utf-8")  # file names may hold bytes that are no text
