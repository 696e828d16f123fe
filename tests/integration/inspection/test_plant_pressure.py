"""More than the plant works on at once: it sends stations away, serves people, and loses nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.backoff import Backoff
from edge.contract.errors import PlantBusy
from edge.contract.link import IngestBatch
from edge.plant.client import HttpPlantClient
from edge.plant.settings import PlantSettings
from edge.plant.uploader import Uploader
from edge.spool.store import Record, Spool
from inspection.api.routes import link
from inspection.api.schemas import NewRecipe, NewStation
from inspection.client.plant_client import PlantClient
from inspection.ingest.images import require_bytes_of
from tests.support.edge_fakes import eventually
from tests.support.live_plants import live_plant
from tests.support.plants import ADMIN_PASSWORD, a_result, png


@pytest.fixture(name="plant")
def _plant(tmp_path: Path, where: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Address of a plant that works on one request of a station at a time, and a station's key."""
    with live_plant(tmp_path / "plant", ingest_at_once=1, **where) as url:
        with PlantClient(url) as admin:
            admin.sign_in("admin", ADMIN_PASSWORD)
            admin.post_recipe(NewRecipe(name="part"))
            key = admin.post_station(NewStation(name="line-1", recipe="part")).api_key
        yield url, key


@contextmanager
def work_that_lasts(monkeypatch: pytest.MonkeyPatch, url: str, key: str) -> Iterator[None]:
    """An image that the plant is busy with until the end."""
    busy, done = threading.Event(), threading.Event()

    def slowly(digest: str, data: bytes) -> None:
        busy.set()
        done.wait()
        require_bytes_of(digest, data)

    def send() -> None:
        path = f"{url}/api/v1/ingest/images/{sha256(image).hexdigest()}"
        answers.append(httpx.put(path, content=image, headers={"authorization": f"Bearer {key}"}, timeout=60))

    image, answers = png(1, 200), list[httpx.Response]()
    monkeypatch.setattr(link, "require_bytes_of", slowly)
    sender = threading.Thread(target=send)
    sender.start()
    busy.wait()
    monkeypatch.setattr(link, "require_bytes_of", require_bytes_of)
    try:
        yield
    finally:
        done.set()
        sender.join()
    assert [answer.status_code for answer in answers] == [204]


@contextmanager
def bodies_without_end(url: str, count: int) -> Iterator[None]:
    """Of somebody without a key, who sends a byte and waits."""
    host, port = url.removeprefix("http://").split(":")
    head = b"POST /api/v1/ingest/results HTTP/1.1\r\nHost: plant\r\nContent-Length: 1000\r\n\r\n{"
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection((host, int(port)))).sendall(head)
        yield


def test_a_station_is_sent_away_and_people_are_served(plant: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    url, key = plant
    client = HttpPlantClient(PlantSettings(url=url), key)
    batch = IngestBatch(results=(a_result(),))
    with work_that_lasts(monkeypatch, url, key):
        with pytest.raises(PlantBusy, match="come again") as told:
            client.ingest(batch)
        assert 1 <= told.value.retry_after_s <= 3
        answer = httpx.post(f"{url}/api/v1/ingest/results", content=b"no JSON")
        assert (answer.status_code, answer.json()["error"]) == (429, "TooBusy")
        assert httpx.get(f"{url}/readyz").status_code == 200
        with PlantClient(url) as person:
            person.sign_in("admin", ADMIN_PASSWORD)
            assert [recipe.name for recipe in person.get_recipes()] == ["part"]
    assert client.ingest(batch).images_wanted == ()
    client.close()


def test_what_was_sent_away_comes_again_once(
    plant: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, key = plant
    client = HttpPlantClient(PlantSettings(url=url), key)
    spool = Spool(tmp_path / "spool.sqlite", 16)
    uploader = Uploader(client, spool, 2, Backoff(0.05, 0.2))
    results = [a_result(part_id=f"P-{number}", sequence=number) for number in range(1, 8)]
    with work_that_lasts(monkeypatch, url, key):
        spool.append([Record(result) for result in results])
        uploader.worker.start()
        eventually(lambda: "come again" in (uploader.status().last_error or ""))
    eventually(lambda: spool.counts().results == 0)
    uploader.worker.stopping.set()
    uploader.wake()
    with PlantClient(url) as person:
        person.sign_in("admin", ADMIN_PASSWORD)
        stored = [stored.result.id for stored in person.results()]
    assert sorted(stored) == sorted(result.id for result in results)
    client.close()


def test_slow_senders_keep_nobody_away(plant: tuple[str, str]) -> None:
    url, key = plant
    client = HttpPlantClient(PlantSettings(url=url), key)
    with bodies_without_end(url, 20):
        for number in range(1, 4):
            assert client.ingest(IngestBatch(results=(a_result(sequence=number),))).stored == 1
    client.close()


def test_a_connection_that_breaks_amid_an_image_is_no_fault_of_the_plant(plant: tuple[str, str]) -> None:
    """Whoever is woken by answers of 500 must not be woken by a network."""
    url, key = plant
    path = f"/api/v1/ingest/images/{'0' * 64}"
    head = f"PUT {path} HTTP/1.1\r\nHost: plant\r\nAuthorization: Bearer {key}\r\nContent-Length: 1000\r\n\r\nhalf"
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as sender:
        sender.sendall(head.encode())
    series = 'method="PUT",route="/api/v1/ingest/images/{sha256}",status='
    eventually(lambda: series in httpx.get(f"{url}/metrics").text)
    assert f'{series}"400"' in httpx.get(f"{url}/metrics").text
