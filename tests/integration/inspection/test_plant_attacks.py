"""What somebody on the plant's network might try, and what comes of it."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from edge.contract.result import Verdict
from edge.contract.signature import SigningKey
from inspection.api.access import COOKIE
from inspection.plant import Plant
from inspection.store.tables import RecipeRow, UserRow
from tests.support.plants import ADMIN_PASSWORD, API, Person, a_result, image_ref, png, send_image, send_results
from tests.support.tiny_bundle import write_tiny_bundle

HOSTILE = [
    "'; DROP TABLE users; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../etc/passwd",
    "a\x00b",
    "${jndi:ldap://x}",
    "{{7*7}}",
]


def _bomb() -> bytes:
    """A PNG of a few bytes that claims 900 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_an_image_that_would_fill_the_memory_is_not_decoded(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    bomb = _bomb()
    refused = admin.send("/recipes/part/samples", bomb, label="good")
    assert refused.status_code == 422
    assert "expected at most 200 megapixels, header claims 30000x30000 px" in refused.json()["message"]
    ref = image_ref(bomb)
    send_results(client, station, a_result(images=(ref,)))
    assert send_image(client, station, bomb).status_code == 204  # kept as evidence, as it came
    shown = admin.get(f"/images/{ref.sha256}", params={"size": "thumb"})
    assert shown.status_code == 404
    assert "cannot be shown" in shown.json()["message"]


def test_a_damaged_image_is_no_server_error(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    for data in (png(1)[:60], b"\xff\xd8\xff" + b"\0" * 50, b"II*\x00\xff\xff\xff\xff"):
        ref = image_ref(data)
        send_results(client, station, a_result(images=(ref,)))
        send_image(client, station, data)
        assert admin.get(f"/images/{ref.sha256}", params={"size": "display"}).status_code == 404


def test_a_signature_counts_for_its_own_manifest_only(admin: Person, plant: Plant, tmp_path: Path) -> None:
    """Altered by one byte, or taken from another bundle of the same key."""
    admin.post("/recipes", {"name": "part"})
    key = SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    for name, threshold in (("a", 1.0), ("b", 2.0)):
        write_tiny_bundle(tmp_path / name, key, "part", threshold)
    files, others = (_unpacked(tmp_path / name) for name in ("a", "b"))
    signature = json.loads(files["signature.json"])
    flipped = {**signature, "value": ("B" if signature["value"][0] == "A" else "A") + signature["value"][1:]}
    for forged in (others["signature.json"], json.dumps(flipped).encode(), b"{}", b""):
        answer = admin.send("/recipes/part/bundles", _packed({**files, "signature.json": forged}))
        assert answer.status_code == 422
        assert answer.json()["error"] in {"BundleUnsigned", "BundleCorrupt"}
    assert admin.send("/recipes/part/bundles", _packed(files)).status_code == 201


def _unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize("announced", [True, False])
def test_json_without_end_is_cut_off(client: TestClient, station: dict[str, str], *, announced: bool) -> None:
    body = b'{"results": [' + b" " * (9 << 20) + b"]}"
    content = body if announced else iter([body[: 4 << 20], body[4 << 20 :]])
    headers = {**station, "Content-Type": "application/json"}
    answer = client.post(f"{API}/ingest/results", content=content, headers=headers)
    assert answer.status_code == 413


def test_a_session_of_before_is_not_the_one_of_after_signing_in(client: TestClient) -> None:
    said = {"name": "admin", "password": ADMIN_PASSWORD}
    first = client.post(f"{API}/login", json=said).cookies[COOKIE]
    second = client.post(f"{API}/login", json=said).cookies[COOKIE]
    assert first != second


@pytest.mark.parametrize("name", ["../../../evil", "/etc/evil", "model.onnx/../../evil"])
def test_names_inside_a_bundle_lead_nowhere(admin: Person, plant: Plant, tmp_path: Path, name: str) -> None:
    admin.post("/recipes", {"name": "part"})
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr(name, "evil")
    answer = admin.send("/recipes/part/bundles", data.getvalue())
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Bundle")
    assert [path for path in tmp_path.rglob("*evil*") if path.name == "evil"] == []
    assert list((plant.settings.data_dir / "bundles").iterdir()) == []


def test_a_bundle_that_unpacks_without_end_is_refused(admin: Person) -> None:
    admin.post("/recipes", {"name": "part"})
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("manifest.json", "{}")
    packed = bytearray(data.getvalue())
    central = packed.rindex(b"PK\x01\x02")
    packed[central + 24 : central + 28] = struct.pack("<I", 3 << 30)  # says it unpacks to 3 GiB
    answer = admin.send("/recipes/part/bundles", bytes(packed))
    assert answer.status_code == 422
    assert "exceeds" in answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["/static/../../inspection/settings.py", "/static/%2e%2e/pages.py", "/static//etc/passwd"]
)
def test_static_files_are_only_those(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("digest", ["..%2f..%2fkeys%2fsigning_key.pem", "../keys", "0" * 63 + "/"])
def test_images_are_found_by_hash_only(admin: Person, digest: str) -> None:
    assert admin.get(f"/images/{digest}").status_code in {404, 422}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_or_comes_back_as_text(
    client: TestClient, admin: Person, station: dict[str, str], plant: Plant, text: str
) -> None:
    """In names it is refused; where people write freely it is kept to the letter, and no table changes."""
    assert admin.post("/recipes", {"name": text}).status_code == 422
    assert admin.post("/users", {"name": text, "role": "admin", "password": ADMIN_PASSWORD}).status_code == 422
    assert admin.post("/stations", {"name": text, "recipe": "part"}).status_code == 422
    result = a_result(Verdict.FAIL, part_id=text)
    assert send_results(client, station, result).status_code == 200  # a station's result is never lost
    assert admin.get(f"/results/{result.id}").json()["result"]["part_id"] == text
    for parameter in ("recipe", "station"):
        found = admin.get("/results", params={parameter: text})
        assert found.status_code == 422 or found.json()["results"] == []
    label = {"result_id": result.id, "label": "defect", "defect_type": text, "comment": text}
    said = admin.post("/labels", label)
    if "\0" in text:
        assert "without zero bytes" in said.json()["message"]
        return
    assert said.status_code == 201
    assert admin.get(f"/results/{result.id}").json()["labels"][0]["defect_type"] == text
    with plant.database.read() as session:
        assert session.scalar(select(func.count()).select_from(UserRow)) == 1
        assert session.scalars(select(RecipeRow.name)).all() == ["part"]


def test_a_session_chosen_by_somebody_else_does_not_become_ours(client: TestClient) -> None:
    client.cookies.set(COOKIE, "chosen-by-the-attacker")
    answer = client.post(f"{API}/login", json={"name": "admin", "password": ADMIN_PASSWORD})
    assert answer.status_code == 200
    given = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
    assert given
    assert given != "chosen-by-the-attacker"
    client.cookies.clear()
    client.cookies.set(COOKIE, "chosen-by-the-attacker")
    assert client.get(f"{API}/me").status_code == 401
