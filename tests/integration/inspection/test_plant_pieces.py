"""A large image goes on where a lost connection ended it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from edge.contract.errors import PlantUnreachable
from edge.contract.frame import EncodedImage
from edge.plant.client import HttpPlantClient
from edge.plant.settings import PlantSettings
from inspection.ingest.pieces import Piece, Pieces
from inspection.plant import Plant
from tests.support.plants import API, add_station, png, sign_in

LARGE = png(1, 1100)
DIGEST = sha256(LARGE).hexdigest()
IMAGE = EncodedImage(data=LARGE, media_type="image/png")
MIB = 1 << 20


@dataclass
class Network(httpx.BaseTransport):
    """To the plant's application; loses the requests of these numbers, counted from 0, and notes what is sent.

    Attributes:
        old: the plant does not know HEAD.
    """

    client: TestClient
    loses: frozenset[int] = frozenset()
    old: bool = False
    sent: list[tuple[str, int]] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on."""
        self.sent.append((request.method, len(request.content)))
        if len(self.sent) - 1 in self.loses:
            raise httpx.ConnectError("lost", request=request)
        if self.old and request.method == "HEAD":
            return httpx.Response(405, request=request)
        answer = self.client.request(
            request.method, request.url.path, content=request.content, headers=dict(request.headers)
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content, request=request)


@pytest.fixture(name="key")
def _key(client: TestClient) -> str:
    return add_station(sign_in(client))["Authorization"].removeprefix("Bearer ")


@pytest.fixture(name="over")
def _over(key: str) -> Iterator[Any]:
    clients = []

    def make(network: Network) -> HttpPlantClient:
        clients.append(HttpPlantClient(PlantSettings(url="http://plant.test"), key, network))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def _stored(plant: Plant) -> bool:
    return plant.blobs.get(DIGEST) == LARGE


def test_an_interrupted_upload_goes_on_where_it_ended(client: TestClient, plant: Plant, over: Any) -> None:
    network = Network(client, loses=frozenset({2}))  # HEAD, the first piece, and not the second
    station = over(network)
    with pytest.raises(PlantUnreachable, match="lost"):
        station.put_image(DIGEST, IMAGE)
    network.sent.clear()
    network.loses = frozenset()
    station.put_image(DIGEST, IMAGE)
    assert sum(size for _, size in network.sent) == len(LARGE) - MIB
    assert _stored(plant)


@pytest.mark.parametrize("old", [False, True])
def test_pieces_of_another_image_and_an_older_plant_cost_a_whole_one(
    client: TestClient, plant: Plant, over: Any, *, old: bool
) -> None:
    plant.pieces.add("line-1", DIGEST, Piece(0, len(LARGE), b"x" * MIB))
    network = Network(client, old=old)
    over(network).put_image(DIGEST, IMAGE)
    assert network.sent[-1] == ("PUT", len(LARGE))
    assert _stored(plant)


def test_a_small_image_is_one_request(client: TestClient, over: Any) -> None:
    network, data = Network(client), png(2)
    over(network).put_image(sha256(data).hexdigest(), EncodedImage(data=data, media_type="image/png"))
    assert network.sent == [("PUT", len(data))]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("bytes 0-2/9", 202),
        ("bytes 5-7/9", 202),
        ("bytes 0-3/9", 422),
        ("bytes 7-9/9", 422),
        ("0-2/9", 422),
        (f"bytes 0-2/{65 << 20}", 413),
    ],
)
def test_a_range_must_fit(client: TestClient, key: str, header: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Range": header}
    address = f"{API}/ingest/images/{DIGEST}"
    answer = client.put(address, content=b"abc", headers=headers)
    came = "3" if header == "bytes 0-2/9" else "0"
    assert (answer.status_code, answer.headers.get("Upload-Offset", came)) == (status, came)
    assert client.head(address, headers=headers).headers["Upload-Offset"] == came
    assert client.head(address).status_code == 401


def test_what_a_station_gave_up_makes_room(tmp_path: Path) -> None:
    pieces = Pieces(tmp_path)
    digests = [secrets.token_hex(32) for _ in range(12)]
    for digest in digests:
        assert pieces.add("line-1", digest, Piece(0, 9, b"abc")) is None
    assert len(list((tmp_path / "line-1").iterdir())) == 8
    assert pieces.offset("line-1", digests[-1]) == 3
