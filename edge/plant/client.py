"""What a station says to the plant, and hears from it."""

from pathlib import Path
from typing import Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from edge.contract.archive import MAX_BUNDLE_BYTES
from edge.contract.errors import ContentRefused, PlantRefused, PlantUnreachable
from edge.contract.frame import EncodedImage
from edge.contract.link import UPLOAD_OFFSET, DesiredState, Heartbeat, IngestBatch, IngestReceipt
from edge.plant.connection import Connection
from edge.plant.settings import PlantSettings

__all__ = ["HttpPlantClient", "PlantClient"]

Answer = TypeVar("Answer", bound=BaseModel)
_GOES_ON = 202
_PIECE_BYTES = 1 << 20


class PlantClient(Protocol):
    """The link protocol of `edge.contract.link`, one method a message.

    Every method raises PlantUnreachable (try later), PlantBusy (not before it says) or PlantRefused (show it);
    ContentRefused means that this very record or image will never be taken.
    """

    def ingest(self, batch: IngestBatch) -> IngestReceipt:
        """Hand over results; repeating it is harmless."""
        ...

    def put_image(self, sha256: str, image: EncodedImage) -> None:
        """Hand over an image; repeating it is harmless."""
        ...

    def heartbeat(self, heartbeat: Heartbeat) -> DesiredState:
        """Say how the station is and hear what it should run."""
        ...

    def fetch_bundle(self, bundle_id: str, target: Path) -> None:
        """Write a bundle file to `target`."""
        ...


class HttpPlantClient:
    """`PlantClient` over HTTP; safe to use from several threads."""

    def __init__(
        self, settings: PlantSettings, api_key: str | None, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Prepare a connection pool; nothing is sent yet. `transport` replaces the network in tests.

        Raises:
            SettingsInvalid: the certificates to trust cannot be read.
        """
        self._plant = Connection(
            settings.url, api_key, ca_file=settings.ca_file, timeout_s=settings.timeout_s, transport=transport
        )

    def ingest(self, batch: IngestBatch) -> IngestReceipt:
        """POST /api/v1/ingest/results."""
        return self._post("/api/v1/ingest/results", batch, IngestReceipt)

    def put_image(self, sha256: str, image: EncodedImage) -> None:
        """PUT /api/v1/ingest/images/{sha256}, a large one in pieces from where the last attempt ended."""
        path, headers = f"/api/v1/ingest/images/{sha256}", {"content-type": image.media_type}
        offset = self._offset(path) if len(image.data) > _PIECE_BYTES else None
        if offset is None or not self._put_pieces(path, image.data, headers, offset):
            self._plant.request("PUT", path, content=image.data, headers=headers)

    def heartbeat(self, heartbeat: Heartbeat) -> DesiredState:
        """POST /api/v1/stations/me/heartbeat."""
        return self._post("/api/v1/stations/me/heartbeat", heartbeat, DesiredState)

    def fetch_bundle(self, bundle_id: str, target: Path) -> None:
        """GET /api/v1/bundles/{bundle_id}/file, piece by piece to the disk."""
        path = f"/api/v1/bundles/{bundle_id}/file"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._plant.stream("GET", path) as answer, target.open("wb") as file:
                for piece in answer.iter_bytes():
                    if file.tell() + len(piece) > MAX_BUNDLE_BYTES:  # the disk is the spool's, too
                        said = f"a bundle of more than {MAX_BUNDLE_BYTES} bytes"
                        raise PlantRefused(f"plant {self._plant.url}{path}: {said}")
                    file.write(piece)
        except OSError as error:
            raise PlantUnreachable(f"plant {self._plant.url}: cannot store what it sent: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._plant.close()

    def _offset(self, path: str) -> int | None:
        """Where to go on; None where the plant is older than pieces."""
        try:
            answer = self._plant.request("HEAD", path)
        except PlantRefused:  # whatever else is wrong, the image as a whole is told
            return None
        text = answer.headers.get(UPLOAD_OFFSET, "")
        return int(text) if text.isascii() and text.isdigit() else None

    def _put_pieces(self, path: str, data: bytes, headers: dict[str, str], offset: int) -> bool:
        """Send what is missing; false if the plant does not get the image together this way."""
        while offset < len(data):
            try:
                answer = self._put_piece(path, data, headers, offset)
            except ContentRefused:  # what came before was not of this image; as a whole it is judged for itself
                return False
            if answer.status_code != _GOES_ON:
                return True
            came = answer.headers.get(UPLOAD_OFFSET, "")
            if not came.isdigit() or int(came) <= offset:
                return False
            offset = int(came)
        return False

    def _put_piece(self, path: str, data: bytes, headers: dict[str, str], offset: int) -> httpx.Response:
        piece = data[offset : offset + _PIECE_BYTES]
        told = {**headers, "content-range": f"bytes {offset}-{offset + len(piece) - 1}/{len(data)}"}
        return self._plant.request("PUT", path, content=piece, headers=told)

    def _post(self, path: str, message: BaseModel, model: type[Answer]) -> Answer:
        headers = {"content-type": "application/json"}
        answer = self._plant.request("POST", path, content=message.model_dump_json(), headers=headers)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise PlantRefused(f"plant {self._plant.url}{path}: expected a {model.__name__}, got: {error}") from error
