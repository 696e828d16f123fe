"""kill -9 of the service amid an image, on both databases: half of one is never served nor counted, and it goes on."""

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, func, select

from edge.contract.errors import PlantUnreachable
from edge.contract.frame import EncodedImage
from edge.contract.link import IngestBatch
from edge.plant.client import HttpPlantClient
from edge.plant.settings import PlantSettings
from inspection.people.api_keys import Rights, add_api_key
from inspection.people.roles import Role
from inspection.store.database import Database
from inspection.store.tables import BlobRow, SampleLabelRow, SampleRow
from tests.support.doomed_plant import Doomed, doomed_plant
from tests.support.live_plants import live_plant
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import API, a_result, add_station, image_ref, new_plant, png, running, send_results, sign_in

LARGE = png(1, 1100)
IMAGE = EncodedImage(data=LARGE, media_type="image/png")
DIGEST = sha256(LARGE).hexdigest()
RESULT = a_result(images=(image_ref(LARGE),))
MIB = 1 << 20
ROWS = (BlobRow, SampleRow, SampleLabelRow)


@dataclass(frozen=True)
class Made:
    """A plant that was closed, with a result whose image a person has labelled and the station still has."""

    folder: Path
    where: dict[str, Any]
    database: Database
    station: str
    program: dict[str, str]

    def doomed(self, dies: str = "never") -> AbstractContextManager[Doomed]:
        """A process that serves the plant until then."""
        return doomed_plant(self.folder, dies, self.where)

    def again(self) -> AbstractContextManager[str]:
        """The plant is started again; its address."""
        return live_plant(self.folder, **self.where)

    def client(self, address: str) -> HttpPlantClient:
        """What the station has."""
        return HttpPlantClient(PlantSettings(url=address), self.station)

    def shown(self, address: str) -> httpx.Response:
        """The image, as the pages ask for it."""
        return httpx.get(f"{address}{API}/images/{DIGEST}", headers=self.program, verify=NO_CERTIFICATES)

    def counts(self) -> list[int]:
        """Rows that an image writes."""
        with self.database.read() as session:
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in ROWS]


@pytest.fixture(name="made")
def _made(tmp_path: Path, where: dict[str, Any]) -> Iterator[Made]:
    plant = new_plant(tmp_path, **where)
    address: URL = plant.database.engine.url
    with running(plant) as client:
        admin = sign_in(client)
        station = add_station(admin)
        send_results(client, station, RESULT)
        label = {"result_id": RESULT.id, "label": "defect", "defect_type": "scratch"}
        assert admin.post("/labels", label).status_code == 201
        with plant.database.write() as session:
            key = add_api_key(session, "mes", Rights(Role.ENGINEER), "admin", plant.clock())
    database = Database(address, make=False)
    program = {"Authorization": f"Bearer {key}"}
    yield Made(tmp_path, where, database, station["Authorization"].removeprefix("Bearer "), program)
    database.close()


def _goes_on(made: Made, address: str) -> None:
    """Nobody has heard of the image; the station is asked for it, and sends it to its end."""
    assert (made.shown(address).status_code, made.counts()) == (404, [0, 0, 0])
    client = made.client(address)
    assert client.ingest(IngestBatch(results=(RESULT,))).images_wanted == (DIGEST,)
    client.put_image(DIGEST, IMAGE)
    assert client.ingest(IngestBatch(results=(RESULT,))).images_wanted == ()
    client.close()
    shown = made.shown(address)
    assert (shown.status_code, shown.content == LARGE, made.counts()) == (200, True, [1, 1, 1])


@pytest.mark.parametrize(
    ("dies", "here"),
    [
        (f"os.remove pieces/line-1/{DIGEST}", len(LARGE)),  # all has come, nothing of it is put together
        (f"os.rename .{DIGEST}.", 0),  # written beside its place
        ("INSERT INTO sample_labels", 0),  # in its place, and no row tells of it
    ],
    ids=["all pieces", "aside", "without a row"],
)
def test_an_image_is_stored_whole_or_not_at_all(made: Made, dies: str, here: int) -> None:
    with made.doomed(dies) as process:
        client = made.client(process.address())
        with pytest.raises(PlantUnreachable):
            client.put_image(DIGEST, IMAGE)
        client.close()
        assert process.wait() == -signal.SIGKILL
    with made.again() as address:
        assert _offset(made, address) == here
        _goes_on(made, address)


def test_half_a_piece_is_sent_again_and_the_ones_before_it_are_not(made: Made) -> None:
    with made.doomed() as process:
        address, under_way = process.address(), threading.Event()
        first = {"Content-Range": f"bytes 0-{MIB - 1}/{len(LARGE)}"}
        assert _put(made, address, LARGE[:MIB], first).status_code == 202

        def half() -> Iterator[bytes]:
            yield LARGE[MIB : MIB + MIB // 2]
            under_way.set()
            process.wait()
            yield LARGE[MIB + MIB // 2 : 2 * MIB]

        killer = threading.Thread(target=lambda: (under_way.wait(), process.kill()))
        killer.start()
        second = {"Content-Range": f"bytes {MIB}-{2 * MIB - 1}/{len(LARGE)}"}
        with pytest.raises(httpx.TransportError):
            _put(made, address, half(), second)
        killer.join()
    with made.again() as address:
        assert _offset(made, address) == MIB
        _goes_on(made, address)


def _put(made: Made, address: str, content: Any, headers: dict[str, str]) -> httpx.Response:
    key = {"Authorization": f"Bearer {made.station}"}
    url = f"{address}{API}/ingest/images/{DIGEST}"
    return httpx.put(url, content=content, headers={**key, **headers}, timeout=30, verify=NO_CERTIFICATES)


def _offset(made: Made, address: str) -> int:
    key = {"Authorization": f"Bearer {made.station}"}
    answer = httpx.head(f"{address}{API}/ingest/images/{DIGEST}", headers=key, verify=NO_CERTIFICATES)
    return int(answer.headers["Upload-Offset"])
