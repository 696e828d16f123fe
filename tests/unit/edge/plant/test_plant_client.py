"""Facts of the HTTP client: every answer and every foreign error has one meaning."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge.contract.errors import (
    BundleRefused,
    ContentRefused,
    PlantBusy,
    PlantRefused,
    PlantUnreachable,
    SettingsInvalid,
)
from edge.contract.frame import EncodedImage
from edge.contract.link import DesiredState, IngestBatch, IngestReceipt
from edge.plant.client import HttpPlantClient
from edge.plant.connection import Connection
from edge.plant.settings import PlantSettings
from tests.support.edge_fakes import heartbeat, result

SETTINGS = PlantSettings(url="http://plant.example/")
BATCH = IngestBatch(results=(result(1),))


def client(answer: object, key: str | None = "secret") -> HttpPlantClient:
    """A client whose network is a function."""
    return HttpPlantClient(SETTINGS, key, httpx.MockTransport(answer))


def answering(status: int, **rest: object) -> HttpPlantClient:
    """A client whose plant always answers the same."""
    return client(lambda _: httpx.Response(status, **rest))


def test_the_messages_go_where_the_protocol_says(tmp_path: Path) -> None:
    seen: list[tuple[str, str, str]] = []

    def plant(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, request.headers["authorization"]))
        if request.url.path.endswith("results"):
            return httpx.Response(200, json=IngestReceipt(stored=1, known=0).model_dump())
        if request.url.path.endswith("heartbeat"):
            return httpx.Response(200, json=DesiredState(recipe="part").model_dump())
        return httpx.Response(200, content=b"the file")

    made = client(plant)
    assert made.ingest(BATCH).stored == 1
    assert made.heartbeat(heartbeat()).recipe == "part"
    made.put_image("a" * 64, EncodedImage(b"x", "image/png"))
    made.fetch_bundle("b" * 64, tmp_path / "new" / "x.bundle")
    made.close()
    assert (tmp_path / "new" / "x.bundle").read_bytes() == b"the file"
    assert seen == [
        ("POST", "/api/v1/ingest/results", "Bearer secret"),
        ("POST", "/api/v1/stations/me/heartbeat", "Bearer secret"),
        ("PUT", f"/api/v1/ingest/images/{'a' * 64}", "Bearer secret"),
        ("GET", f"/api/v1/bundles/{'b' * 64}/file", "Bearer secret"),
    ]


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refusal_of_the_content(status: int) -> None:
    with pytest.raises(ContentRefused, match=str(status)):
        answering(status).ingest(BATCH)


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_refusal_that_concerns_all(status: int) -> None:
    with pytest.raises(PlantRefused, match=str(status)) as caught:
        answering(status).ingest(BATCH)
    assert not isinstance(caught.value, ContentRefused)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_plant_that_broke_is_unreachable(status: int) -> None:
    with pytest.raises(PlantUnreachable, match=str(status)):
        answering(status).ingest(BATCH)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-3", 0)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_plant_says_how_long(status: int, header: str, seconds: float) -> None:
    with pytest.raises(PlantBusy) as caught:
        answering(status, headers={"retry-after": header}).ingest(BATCH)
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), httpx.InvalidURL("x")]
)
def test_every_error_of_the_http_library_is_mapped(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(PlantUnreachable, match=type(error).__name__):
        client(fail).heartbeat(heartbeat())


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"unknown": 1}'])
def test_an_answer_that_is_not_understood_is_a_refusal(content: bytes) -> None:
    with pytest.raises(PlantRefused, match="expected a DesiredState"):
        answering(200, content=content).heartbeat(heartbeat())


def test_a_bundle_that_is_not_there_writes_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(PlantRefused, match="404"):
        answering(404, text="no such bundle").fetch_bundle("b" * 64, tmp_path / "x.bundle")


def test_a_bundle_without_end_is_not_written_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers: the disk is the spool's, too."""
    monkeypatch.setattr("edge.plant.client.MAX_BUNDLE_BYTES", 100_000)
    sent = []

    def endless() -> Iterator[bytes]:
        while len(sent) < 1000:
            sent.append(1)
            yield bytes(10_000)

    with pytest.raises(PlantRefused, match="more than 100000 bytes"):
        client(lambda _: httpx.Response(200, content=endless())).fetch_bundle("b" * 64, tmp_path / "x.bundle")
    assert (tmp_path / "x.bundle").stat().st_size <= 100_000
    assert len(sent) <= 12


def test_a_disk_without_room_for_a_bundle_is_no_fault_of_the_network(tmp_path: Path) -> None:
    (tmp_path / "x.bundle").symlink_to("/dev/full")
    with pytest.raises(BundleRefused, match=r"cannot store what plant .* No space left"):
        answering(200, content=b"bundle").fetch_bundle("b" * 64, tmp_path / "x.bundle")


def test_missing_certificates_are_named(tmp_path: Path) -> None:
    settings = PlantSettings(url="https://plant.example", ca_file=tmp_path / "ca.pem")
    with pytest.raises(SettingsInvalid, match=r"ca\.pem"):
        HttpPlantClient(settings, None)


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_no_header_can_carry_is_refused_in_words(key: str) -> None:
    """A file with something else in it; the message does not tell it."""
    with pytest.raises(SettingsInvalid, match="key: expected one line of letters") as refused:
        client(lambda _: httpx.Response(200), key)
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["plant.local:8000", "ftp://plant.local", "http://", "http://[::1", "http://plant:x", ""]
)
def test_what_is_no_address_of_a_plant_is_refused_at_once(url: str) -> None:
    """Not tried again and again as one that does not answer."""
    with pytest.raises(SettingsInvalid, match="url of the plant: expected http://HOST:PORT"):
        Connection(url, None)
