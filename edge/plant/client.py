"""What a station says to the plant, and hears from it."""

from pathlib import Path
from typing import Protocol

import httpx

from edge.contract.archive import MAX_BUNDLE_BYTES
from edge.contract.errors import BundleRefused, ContentRefused, PlantRefused
from edge.contract.frame import EncodedImage
from edge.contract.link import UPLOAD_OFFSET, DesiredState, Heartbeat, IngestBatch, IngestReceipt
from edge.plant.calls import LinkCalls
from edge.plant.connection import Connection
from edge.plant.settings import PlantSettings

__all__ = ["HttpPlantClient", "PlantClient"]

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
        """Write a bundle file to `target`; raises BundleRefused, too: this box has no room for it."""
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
        self._connection = Connection(
            settings.url, api_key, ca_file=settings.ca_file, timeout_s=settings.timeout_s, transport=transport
        )
        self._plant = LinkCalls(self._connection)

    def ingest(self, batch: IngestBatch) -> IngestReceipt:
        """Hand over results."""
        return self._plant.post_results(batch)

    def put_image(self, sha256: str, image: EncodedImage) -> None:
        """Hand over an image, a large one in pieces from where the last attempt ended."""
        offset = self._offset(sha256) if len(image.data) > _PIECE_BYTES else None
        if offset is None or not self._put_pieces(sha256, image.data, offset):
            self._plant.put_image(sha256, image.data)

    def heartbeat(self, heartbeat: Heartbeat) -> DesiredState:
        """Say how the station is and hear what it should run."""
        return self._plant.post_heartbeat(heartbeat)

    def fetch_bundle(self, bundle_id: str, target: Path) -> None:
        """Write a bundle file piece by piece to the disk."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._plant.get_bundle_file(bundle_id) as answer, target.open("wb") as file:
                for piece in answer.iter_bytes():
                    if file.tell() + len(piece) > MAX_BUNDLE_BYTES:  # the disk is the spool's, too
                        said = f"a bundle of more than {MAX_BUNDLE_BYTES} bytes"
                        raise PlantRefused(f"plant {answer.request.url}: {said}")
                    file.write(piece)
        except OSError as error:
            # No fault of the network: fetched again each second it would fill the disk each second.
            raise BundleRefused(f"cannot store what plant {self._connection.url} sent: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def _offset(self, sha256: str) -> int | None:
        """Where to go on; None where the plant is older than pieces."""
        try:
            return _came(self._plant.head_image(sha256))
        except PlantRefused:  # whatever else is wrong, the image as a whole is told
            return None

    def _put_pieces(self, sha256: str, data: bytes, offset: int) -> bool:
        """Send what is missing; false if the plant does not get the image together this way."""
        while offset < len(data):
            piece = data[offset : offset + _PIECE_BYTES]
            place = f"bytes {offset}-{offset + len(piece) - 1}/{len(data)}"
            try:
                answer = self._plant.put_image(sha256, piece, content_range=place)
            except ContentRefused:  # what came before was not of this image; as a whole it is judged for itself
                return False
            if answer.status_code != _GOES_ON:
                return True
            came = _came(answer)
            if came is None or came <= offset:
                return False
            offset = came
        return False


def _came(answer: httpx.Response) -> int | None:
    """How many bytes the plant says it has."""
    text = answer.headers.get(UPLOAD_OFFSET, "")
    return int(text) if text.isascii() and text.isdigit() else None
