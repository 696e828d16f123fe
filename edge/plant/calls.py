"""The station link, typed. Written by `inspection openapi`; change nothing here by hand."""

from contextlib import AbstractContextManager
from edge.contract.link import DesiredState, Heartbeat, IngestBatch, IngestReceipt
from edge.plant.caller import Caller, quoted
from httpx import Response

__all__ = ["LinkCalls"]


class LinkCalls(Caller):
    """A method for each operation, by the name that docs/openapi.json gives it.

    Every method raises `PlantUnreachable` where nobody answers (`PlantBusy` where it asks to wait), and `PlantRefused`
    with the plant's own words where it says no.
    """

    def get_bundle_file(self, bundle_id: str) -> AbstractContextManager[Response]:
        """The bundle file; a station gets those of its own recipe."""
        return self.pieces("GET", f"/api/v1/bundles/{quoted(bundle_id)}/file")

    def head_image(self, sha256: str) -> Response:
        """How many bytes of an image have come in pieces so far, in `Upload-Offset`."""
        return self.ask("HEAD", f"/api/v1/ingest/images/{quoted(sha256)}")

    def put_image(self, sha256: str, content: bytes, *, content_range: str | None = None) -> Response:
        """Take an image in; the body is the file, and must have this SHA-256."""
        return self.ask("PUT", f"/api/v1/ingest/images/{quoted(sha256)}", headers={"content-range": content_range}, content=content)

    def post_results(self, body: IngestBatch) -> IngestReceipt:
        """Take results in; sending them again changes nothing."""
        return self.read(IngestReceipt, self.ask("POST", "/api/v1/ingest/results", body=body))

    def post_heartbeat(self, body: Heartbeat) -> DesiredState:
        """Take a heartbeat; the answer says which bundle the station shall run."""
        return self.read(DesiredState, self.ask("POST", "/api/v1/stations/me/heartbeat", body=body))
