"""Bodies without end and archives that grow: refused early, and nothing of them stays on disk or in memory."""

import io
import json
import re
import select
import socket
import struct
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import iscoroutinefunction
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from edge.contract.signature import SigningKey
from inspection.api.access import CSRF_HEADER
from inspection.api.app import build_app
from inspection.api.limits import limits_of
from inspection.settings import PlantSettings
from tests.support.live_plants import live_plant
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import ADMIN_PASSWORD, API
from tests.support.tiny_bundle import write_tiny_bundle

MB = 1 << 20
LIMIT_MB = 1
"""Of images and bundles; that of JSON is fixed."""

ON_THE_WAY = 12 * MB
"""What the two sockets' buffers may hold, which nobody has looked at yet."""

IN_MEMORY = 24 * MB
"""What the service may take for a bundle of less than `LIMIT_MB`."""


@dataclass(frozen=True)
class Taker:
    """A route that reads a body."""

    method: str
    path: str

    @property
    def address(self) -> str:
        """With something plausible in the place of each parameter."""
        named = self.path.replace("{sha256}", "0" * 64).replace("{bundle_id}", "0" * 64).replace("{recipe}", "part")
        return named.replace("{alert_id}", "1").replace("{", "").replace("}", "")

    @property
    def target(self) -> str:
        """The address with what is asked of it before a body is read."""
        return f"{self.address}?label=good" if self.path.endswith("/samples") else self.address

    @property
    def limit(self) -> int:
        """In bytes, as the settings of the test say."""
        limits = limits_of(PlantSettings(max_image_mb=LIMIT_MB, max_bundle_mb=LIMIT_MB))
        return next((limit for pattern, limit in limits if pattern.fullmatch(self.address)), 8 * MB)


def _takers() -> Iterator[Taker]:
    """Routes with a JSON body, and those that read the request themselves: they are the coroutines among them."""
    for route in iter_route_contexts(build_app(PlantSettings()).routes):
        if isinstance(route.original_route, APIRoute) and (
            route.original_route.body_field is not None or iscoroutinefunction(route.original_route.endpoint)
        ):
            yield from (Taker(method, route.path) for method in sorted(route.methods or ()))


TAKERS = list(_takers())
each_taker = pytest.mark.parametrize("taker", TAKERS, ids=lambda taker: f"{taker.method} {taker.path}")


@dataclass(frozen=True)
class Served:
    """A plant that takes little, with an admin and a station.

    Attributes:
        temporary: where it puts files for a moment.
    """

    address: str
    data: Path
    temporary: Path
    admin: dict[str, str]
    station: dict[str, str]

    def headers(self, path: str) -> dict[str, str]:
        """Of who may ask this."""
        return self.station if path.startswith(f"{API}/ingest") or path.endswith("/me/heartbeat") else self.admin

    def files(self) -> set[Path]:
        """All that lies there, but for the database."""
        found = (path for folder in (self.data, self.temporary) for path in folder.rglob("*"))
        return {path for path in found if path.is_file() and ".sqlite3" not in path.name}

    def upload(self, data: bytes) -> httpx.Response:
        """Offer a bundle."""
        url = f"{self.address}{API}/recipes/part/bundles"
        return httpx.post(url, content=data, headers=self.admin, timeout=60, verify=NO_CERTIFICATES)


@pytest.fixture(scope="module", name="served")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, temporary = tmp_path_factory.mktemp("plant"), tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        with live_plant(folder, max_image_mb=LIMIT_MB, max_bundle_mb=LIMIT_MB) as address:
            yield Served(address, folder / "data", temporary, *_signed_in(address))


def _signed_in(address: str) -> tuple[dict[str, str], dict[str, str]]:
    with httpx.Client(base_url=f"{address}{API}", verify=NO_CERTIFICATES) as http:
        me = http.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD}).raise_for_status()
        cookie = me.headers["set-cookie"].partition(";")[0]
        admin = {"Cookie": cookie, CSRF_HEADER: me.json()["csrf"]}
        http.post("/recipes", json={"name": "part"}, headers=admin).raise_for_status()
        station = http.post("/stations", json={"name": "line-1", "recipe": "part"}, headers=admin).raise_for_status()
        return admin, {"Authorization": f"Bearer {station.json()['api_key']}"}


def test_every_limit_has_a_route_that_is_asked_here() -> None:
    for pattern, _ in limits_of(PlantSettings()):
        assert any(re.fullmatch(pattern, taker.address) for taker in TAKERS), pattern.pattern
    assert len(TAKERS) > 25


@each_taker
def test_a_body_without_end_is_cut_off_while_it_comes(served: Served, taker: Taker) -> None:
    """Sent in chunks, so that nothing says how long it will be; the answer comes before the body has an end."""
    before = served.files()
    status, sent = _pour(served, taker, at_most=taker.limit + ON_THE_WAY)
    assert status == 413
    assert sent > taker.limit
    _nothing_stays(served, before)


@each_taker
def test_a_body_that_says_that_it_is_too_long_is_not_read(served: Served, taker: Taker) -> None:
    status, sent = _talk(served, taker, f"Content-Length: {1 << 40}", lambda _: 0)
    assert (status, sent) == (413, 0)


def _pour(served: Served, taker: Taker, at_most: int) -> tuple[int, int]:
    piece = b" " * (1 << 16)
    chunk = b"%x\r\n%b\r\n" % (len(piece), piece)

    def pour(connection: socket.socket) -> int:
        sent = 0
        while sent < at_most and not select.select([connection], [], [], 0)[0]:
            try:
                connection.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                break
            sent += len(piece)
        return sent

    return _talk(served, taker, "Transfer-Encoding: chunked", pour)


def _talk(served: Served, taker: Taker, framing: str, send: Callable[[socket.socket], int]) -> tuple[int, int]:
    """Status of the answer, and how much was sent until it came."""
    where = urlsplit(served.address)
    said = {**served.headers(taker.path), "Host": where.netloc, "Content-Type": "application/json"}
    head = [f"{taker.method} {taker.target} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), framing]
    with socket.create_connection((where.hostname, where.port or 80), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        sent = send(connection)
        status = connection.recv(12)
    return int(status.split()[1]), sent


def _nothing_stays(served: Served, before: set[Path]) -> None:
    deadline = time.monotonic() + 10
    while served.files() != before and time.monotonic() < deadline:
        time.sleep(0.01)  # the answer comes a moment before the folder is gone
    assert served.files() == before


@cache
def _deflated_zeros() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("model.onnx", "w") as file:
            for _ in range(200):
                file.write(bytes(MB))
    return data.getvalue()


def _says_that_it_is_small() -> bytes:
    """The same, but what says how long a file becomes tells of ten bytes."""
    packed = bytearray(_deflated_zeros())
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    return bytes(packed)


def _one_file_many_times(times: int = 4000) -> bytes:
    """Entries that share the bytes of one file: nothing is packed, and it becomes that many times as large."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a", bytes(64 << 10))
        entry = archive.infolist()[0]
        for number in range(times):
            again = zipfile.ZipInfo(f"{number}")
            again.file_size, again.compress_size, again.CRC = entry.file_size, entry.compress_size, entry.CRC
            again.header_offset = entry.header_offset
            archive.filelist.append(again)
        archive._didModify = True  # type: ignore[attr-defined]
    return data.getvalue()


def _many_entries() -> bytes:
    """No bytes at all in as many files as fit, each of which would be an object."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a", "")
        archive.filelist *= 20_000
        archive._didModify = True  # type: ignore[attr-defined]
    return data.getvalue()


def _archive_in_archive() -> bytes:
    inner = _deflated_zeros()
    for _ in range(3):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", inner)
        inner = data.getvalue()
    return inner


def _changed(position: int, value: int) -> bytes:
    """A small archive with one byte of its first entry's line in the directory changed."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("manifest.json", "{}")
    packed = bytearray(data.getvalue())
    packed[packed.index(b"PK\x01\x02") + position] = value
    return bytes(packed)


def _with_an_end_of_zip64() -> bytes:
    """The end says that the directory is short, what stands before it says otherwise."""
    data = _many_entries()
    long, end = data.rindex(b"PK\x01\x02") + 47 - data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    start = data.index(b"PK\x01\x02")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 20_000, 20_000, long, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    short = bytearray(data[end:])
    short[12:16] = bytes(4)
    return data[:end] + record + locator + bytes(short)


@dataclass(frozen=True)
class Bomb:
    """An archive that nobody sends by mistake.

    Attributes:
        why: what the refusal says.
    """

    name: str
    make: Callable[[], bytes]
    why: str


BOMBS = [
    Bomb("zeros", _deflated_zeros, "exceeds"),
    Bomb("zeros that say ten bytes", _says_that_it_is_small, "is compressed"),
    Bomb("one file many times", _one_file_many_times, "directory"),
    Bomb("one file some times", lambda: _one_file_many_times(500), "exceeds"),
    Bomb("many entries", _many_entries, "directory"),
    Bomb("many entries by zip64", _with_an_end_of_zip64, "zip64"),
    Bomb("archive in archive", _archive_in_archive, "is compressed"),
    Bomb("encrypted", lambda: _changed(8, 1), "encrypted"),
    Bomb("packed in a way that nobody knows", lambda: _changed(10, 99), "is compressed"),
    Bomb("packed by lzma", lambda: _changed(10, zipfile.ZIP_LZMA), "is compressed"),
    Bomb("of a later version", lambda: _changed(6, 200), "version"),
    Bomb("with a comment", lambda: _changed(0, ord("P")) + b"!", "comment"),
    Bomb("nothing", bytes, "not a zip"),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
def test_an_archive_that_grows_is_refused_before_it_does(served: Served, bomb: Bomb) -> None:
    data, before = bomb.make(), served.files()
    assert len(data) < LIMIT_MB * MB
    tracemalloc.start()
    try:
        answer = served.upload(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] == "BundleCorrupt"
    assert bomb.why in answer.json()["message"]
    assert peak < IN_MEMORY
    _nothing_stays(served, before)


def test_a_bundle_as_it_should_be_is_still_taken(served: Served, tmp_path: Path) -> None:
    """Else the tests above would say nothing."""
    key = SigningKey.load_or_create(served.data / "keys" / "signing_key.pem")
    bundle_id = write_tiny_bundle(tmp_path / "good.bundle", key)
    answer = served.upload((tmp_path / "good.bundle").read_bytes())
    assert (answer.status_code, json.loads(answer.text)["id"]) == (201, bundle_id)
