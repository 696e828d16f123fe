"""From a plant to files of other tools and back, by the commands, over HTTP, on both databases."""

import csv
import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from edge.contract.errors import PlantLacks, PlantRefused, PlantUnreachable
from edge.contract.result import Verdict
from inspection.api.schemas import NewApiKey, NewRecipe, NewStation
from inspection.cli import main
from inspection.client import PlantClient
from inspection.exchange.formats import SampleFormat
from inspection.exchange.outlines import encode_png
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.samples.statements import Label
from tests.support.live_plants import live_plant
from tests.support.plants import (
    ADMIN_PASSWORD,
    API,
    Person,
    a_result,
    add_samples,
    image_ref,
    person_with,
    png,
    send_image,
    send_results,
)

TYPES = ["scratch", "dent/deep", "good", None, "裂纹"]


def _mask(number: int) -> bytes:
    """Of the size of `png(…)`, grey where the defect is: two spots."""
    size = 32
    mask = np.zeros((size, size), np.uint8)
    mask[number : number + 5, 3:9] = 120
    mask[20:23, number + 1 : number + 3] = 255
    return encode_png(mask)


@contextmanager
def _filled(folder: Path, **changes: Any) -> Iterator[PlantClient]:
    """The admin of a plant with six good parts and five defects of odd names."""
    with live_plant(folder, **changes) as url, PlantClient(url) as admin:
        admin.sign_in("admin", ADMIN_PASSWORD)
        admin.post_recipe(NewRecipe(name="part"))
        for number in range(6):
            admin.post_sample("part", png(number), label=Label.GOOD)
        for number, name in enumerate(TYPES):
            added = admin.post_sample("part", png(20 + number), label=Label.DEFECT, defect_type=name)
            if number != 1:
                admin.put_mask("part", added.sha256, _mask(number))
        yield admin


@pytest.fixture(name="source")
def _source(tmp_path: Path, where: dict[str, Any]) -> Iterator[PlantClient]:
    with _filled(tmp_path / "source", **where) as admin:
        yield admin


@pytest.fixture(scope="module", name="empty")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlantClient]:
    """The admin of a plant that stays without recipes, but for those of hostile types, at the end."""
    with live_plant(tmp_path_factory.mktemp("empty")) as url, PlantClient(url) as admin:
        admin.sign_in("admin", ADMIN_PASSWORD)
        yield admin


def _key(admin: PlantClient, folder: Path, role: Role, name: str | None = None) -> list[str]:
    """What a command is told of a plant."""
    path = folder / f"{role}-{admin.url.rsplit(':')[-1]}.key"
    path.write_text(admin.post_api_key(NewApiKey(name=name or role.value, role=role)).api_key + "\n", "utf-8")
    return ["--plant", admin.url, "--key-file", str(path), "--json"]


def _run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, dict[str, Any], str]:
    capsys.readouterr()
    code = main([str(argument) for argument in argv])
    said = capsys.readouterr()
    return code, json.loads(said.out.splitlines()[-1]) if said.out else {}, said.err


def _samples(client: PlantClient, recipe: str = "part") -> list[tuple[str, str, str, str | None, str | None]]:
    return [
        (one.sha256, one.split.value, one.label.value, one.defect_type, one.mask_sha256)
        for one in client.samples(recipe)
    ]


def test_samples_come_back_the_same_and_only_once(
    tmp_path: Path, where: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with _filled(tmp_path / "source", **where) as source:
        reader, expected = _key(source, tmp_path, Role.OPERATOR), _samples(source)
        for kind in SampleFormat:
            code, told, said = _run(capsys, "export", "part", "--format", kind, "--out", tmp_path / kind, *reader)
            assert (code, told.get("images"), told.get("missing")) == (0, 11, []), said
    assert {one[3] for one in expected} == {None, "defect", "scratch", "dent/deep", "good", "裂纹"}
    assert len({one[4] for one in expected} - {None}) == 4
    with live_plant(tmp_path / "new") as url, PlantClient(url) as empty:
        empty.sign_in("admin", ADMIN_PASSWORD)
        writer = _key(empty, tmp_path, Role.ENGINEER)
        for kind in SampleFormat:
            command = ["import", tmp_path / kind, "--recipe", kind, "--format", kind, *writer]
            code, told, said = _run(capsys, *command)
            assert (code, told.get("added"), told.get("known"), told.get("notes")) == (0, 11, 0, []), said
            assert told["splits"] == dict(Counter(one[1] for one in expected))
            assert _samples(empty, kind) == expected
            code, told, said = _run(capsys, *command)
            assert (code, told.get("added"), told.get("known")) == (0, 0, 11), said
            assert _samples(empty, kind) == expected
        assert sha256(empty.get_image(expected[0][0])).hexdigest() == expected[0][0]


def test_nothing_is_sent_while_a_row_is_bad_and_nothing_is_overwritten(
    source: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, reader, writer = tmp_path / "set", _key(source, tmp_path, Role.OPERATOR), _key(source, tmp_path, Role.ENGINEER)
    assert _run(capsys, "export", "part", "--format", "csv", "--out", out, *reader)[0] == 0
    code, _, said = _run(capsys, "export", "part", "--format", "csv", "--out", out, *reader)
    assert (code, "there already" in said) == (2, True)
    with (out / "samples.csv").open("a", encoding="utf-8") as table:
        table.write("images/nothing.png,good,,,\n")
    code, _, said = _run(capsys, "import", out, "--recipe", "other", "--format", "csv", *writer)
    assert (code, "samples.csv line 13" in said, "nothing was imported" in said) == (2, True, True)
    assert [recipe.name for recipe in source.get_recipes()] == ["part"]
    code, _, said = _run(capsys, "import", out / "images", "--recipe", "part", "--format", "coco", *writer)
    assert (code, "annotations.json" in said) == (2, True)
    (out / "samples.csv").write_text(
        (out / "samples.csv").read_text("utf-8").replace("images/nothing.png,good,,,\n", "")
    )
    code, _, said = _run(capsys, "import", out, "--recipe", "other", "--format", "csv", *reader)
    assert (code, "needs the role engineer" in said) == (2, True)


def _nobody(*_: object, **__: object) -> None:
    raise PlantUnreachable("plant: nobody answers")


@pytest.mark.parametrize("name", ["metal nut", "Mutter-Größe", "", "../up", "x" * 65])
def test_a_name_that_no_recipe_can_have_is_told(
    empty: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    _naming(tmp_path / "set", SampleFormat.CSV, "good.png")
    (tmp_path / "set" / "good.png").write_bytes(png(1))
    writer = _key(empty, tmp_path, Role.ENGINEER, tmp_path.name[:40])
    code, _, said = _run(capsys, "import", tmp_path / "set", "--recipe", name, "--format", "csv", *writer)
    assert (code, f"recipe {name!r}: expected 1 to 64" in said) == (2, True), said


def test_an_import_that_breaks_off_says_how_far_it_came_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture larger than the plant takes is in the middle of the set, and then the plant is away: two exit codes."""
    with live_plant(tmp_path / "small", max_image_mb=1) as url, PlantClient(url) as admin:
        admin.sign_in("admin", ADMIN_PASSWORD)
        writer = _key(admin, tmp_path, Role.ENGINEER)
        folder = tmp_path / "set" / "train" / "good"
        folder.mkdir(parents=True)
        (folder / "a.png").write_bytes(png(1))
        (folder / "b.png").write_bytes(png(2) + bytes(1 << 20))
        (folder / "c.png").write_bytes(png(3))
        command = ["import", tmp_path / "set", "--recipe", "part", "--format", "mvtec", *writer]
        code, _, said = _run(capsys, *command)
        assert (code, "train/good/b.png" in said, "1 of 3 images were taken before" in said) == (2, True, True), said
        (folder / "b.png").unlink()
        monkeypatch.setattr(PlantClient, "post_sample", _nobody)
        code, _, said = _run(capsys, *command)
        assert (code, "train/good/c.png" in said, "0 of 1 images were taken before" in said) == (3, True, True), said
        monkeypatch.undo()
        code, told, said = _run(capsys, *command)
        assert (code, told.get("added"), told.get("known")) == (0, 1, 1), said


def test_an_image_that_is_gone_is_told(source: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = next(iter(source.samples("part"))).sha256
    (tmp_path / "source" / "data" / "images" / digest[:2] / digest).unlink()
    reader = _key(source, tmp_path, Role.OPERATOR)
    code, told, _ = _run(capsys, "export", "part", "--format", "coco", "--out", tmp_path / "out", *reader)
    assert (code, told["images"], told["missing"]) == (1, 10, [digest])
    code, _, said = _run(capsys, "export", "none", "--format", "coco", "--out", tmp_path / "none", *reader)
    assert (code, "'none'" in said, (tmp_path / "none").exists()) == (2, True, False)
    code, _, said = _run(capsys, "export", "--format", "coco", "--out", tmp_path / "none", *reader)
    assert (code, "expected RECIPE" in said) == (2, True)
    with pytest.raises(PlantLacks, match="404"):
        source.get_image(digest)


def test_an_export_that_the_plant_refuses_is_no_export_without_images(
    source: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is revoked in the middle: the images are there."""
    reader = _key(source, tmp_path, Role.OPERATOR, "mes")
    given = PlantClient.get_image

    def get_image(self: PlantClient, digest: str) -> bytes:
        source.post_revocation("mes")
        return given(self, digest)

    monkeypatch.setattr(PlantClient, "get_image", get_image)
    code, told, said = _run(capsys, "export", "part", "--format", "coco", "--out", tmp_path / "out", *reader)
    assert (code, told, "401" in said, (tmp_path / "out").exists()) == (2, {}, True, False), said


def test_results_as_csv_have_what_the_pages_show(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    frame = png(1)
    results = [
        a_result(images=(image_ref(frame),), reason='quote " comma , line\nbreak', part_id="=1+1"),
        a_result(Verdict.PASS),
        a_result(Verdict.UNDECIDED),
    ]
    for result in results:  # one after the other: the order of their arrival
        send_results(client, station, result)
    send_image(client, station, frame)
    admin.post("/labels", {"result_id": results[0].id, "label": "good"})
    admin.post("/labels", {"result_id": results[0].id, "label": "defect", "defect_type": "dent"})
    answer = admin.get("/results.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(answer.text.splitlines(keepends=True)))
    assert [row["id"] for row in rows] == [result.id for result in results]
    first = rows[0]
    assert (first["reason"], first["part_id"], first["score"]) == (results[0].reason, "=1+1", "2.5")
    assert (first["frame_sha256"], first["label_defect_type"]) == (sha256(frame).hexdigest(), "dent")
    assert (rows[2]["score"], rows[2]["label"]) == ("", "")
    table = admin.get("/results.csv?spreadsheet=true").content
    opened = list(csv.DictReader(table.removeprefix(BOM_UTF8).decode().splitlines(keepends=True)))
    assert (table.startswith(BOM_UTF8), answer.content.startswith(BOM_UTF8)) == (True, False)
    assert [row | {"part_id": "=1+1"} for row in opened[:1]] == rows[:1]
    assert (opened[0]["part_id"], opened[1:]) == ("'=1+1", rows[1:])
    chosen = admin.get("/results.csv", params={"verdict": "PASS", "station": "line-1", "recipe": "part"}).text
    assert [row["id"] for row in csv.DictReader(chosen.splitlines())] == [results[1].id]
    assert admin.get("/results.csv", params={"part_id": "nobody"}).text.count("\n") == 1
    assert client.get(f"{API}/results.csv").status_code == 401
    del plant


def test_results_are_exported_to_a_file_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More than two pages of them."""
    with live_plant(tmp_path) as url, PlantClient(url) as admin:
        admin.sign_in("admin", ADMIN_PASSWORD)
        admin.post_recipe(NewRecipe(name="part"))
        station = {"Authorization": f"Bearer {admin.post_station(NewStation(name='line-1', recipe='part')).api_key}"}
        for _ in range(3):
            batch = {"results": [a_result().model_dump(mode="json") for _ in range(400)]}
            admin.connection.request("POST", "/api/v1/ingest/results", json=batch, headers=station)
        out, reader = tmp_path / "results.csv", _key(admin, tmp_path, Role.OPERATOR)
        command = ["export", "part", "--format", "results", "--verdict", "FAIL", "--out", out, *reader]
        assert _run(capsys, *command)[0] == 0
        with out.open(newline="") as file:
            assert len({row["id"] for row in csv.DictReader(file)}) == 1200
        assert len(list(admin.results(recipe="part"))) == 1200
        assert _run(capsys, *command)[0] == 2
        command = ["export", "--format", "results", "--verdict", "MAYBE", "--out", tmp_path / "none.csv", *reader]
        with pytest.raises(SystemExit) as refused:
            _run(capsys, *command)
        said = capsys.readouterr().err
        assert (refused.value.code, "MAYBE" in said, list(tmp_path.glob("*none*"))) == (2, True, [])


def test_the_list_of_samples_goes_by_pages_and_needs_a_person(client: TestClient, plant: Plant, admin: Person) -> None:
    add_samples(admin, "part", range(5), range(5, 7))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = person_page = admin.get("/recipes/part/samples/list", params={"after": after, "limit": 3}).json()
        seen += [sample["sha256"] for sample in page["samples"]]
        after = person_page["next_after"]
    assert seen == sorted(sha256(png(number)).hexdigest() for number in range(7))
    assert person_with(plant, client, Role.OPERATOR).get("/recipes/part/samples/list").status_code == 200
    assert admin.get("/recipes/none/samples/list").status_code == 404
    assert client.get(f"{API}/recipes/part/samples/list").status_code == 401


def test_masks_that_do_not_fit_are_named_and_nothing_is_sent(
    source: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = _key(source, tmp_path, Role.OPERATOR), _key(source, tmp_path, Role.ENGINEER)
    for kind in SampleFormat:
        assert _run(capsys, "export", "part", "--format", kind, "--out", tmp_path / kind, *reader)[0] == 0
    mask = next((tmp_path / "csv" / "masks").iterdir())
    mask.write_bytes(encode_png(np.ones((8, 9), np.uint8)))
    code, _, said = _run(capsys, "import", tmp_path / "csv", "--recipe", "new", "--format", "csv", *writer)
    assert (code, "mask: expected (32, 32) px like its picture, got (9, 8)" in said) == (2, True), said
    (tmp_path / "mvtec" / "defects" / "masks" / "other.png").parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "mvtec" / "defects" / "masks" / "other.png").write_bytes(_mask(1))
    code, _, said = _run(capsys, "import", tmp_path / "mvtec", "--recipe", "new", "--format", "mvtec", *writer)
    assert (code, "defects/masks/other.png: a mask (.png, .bmp, .tif, .tiff) without an image" in said) == (2, True), (
        said
    )
    path = tmp_path / "coco" / "annotations.json"
    document = json.loads(path.read_text("utf-8"))
    marked = next(one for one in document["annotations"] if "segmentation" in one)
    marked["segmentation"]["counts"][0] += 1
    path.write_text(json.dumps(document), "utf-8")
    code, _, said = _run(capsys, "import", tmp_path / "coco", "--recipe", "new", "--format", "coco", *writer)
    assert (code, "segmentation: expected run lengths of 32x32 px" in said) == (2, True), said
    assert "new" not in {recipe.name for recipe in source.get_recipes()}


def test_a_mask_needs_a_sample_that_was_uploaded_as_a_defect(source: PlantClient) -> None:
    good = next(one for one in source.samples("part") if one.label is Label.GOOD)
    with pytest.raises(PlantRefused, match="uploaded as a defect"):
        source.put_mask("part", good.sha256, _mask(1))
    marked = next(one for one in source.samples("part") if one.mask_sha256 is not None)
    source.post_sample("part", source.get_image(marked.sha256), label=Label.DEFECT, defect_type=marked.defect_type)
    assert marked in list(source.samples("part"))  # sent again it keeps its mask


def test_a_type_with_a_zero_byte_is_refused_by_name(source: PlantClient) -> None:
    with pytest.raises(PlantRefused, match=r"422 query\.defect_type: .*without zero bytes"):
        source.post_sample("part", png(7), label=Label.DEFECT, defect_type="cr\0ack")


ELSEWHERE = [
    "../outside.png",
    "/etc/passwd",
    "images/../../outside.png",
    "link.png",
    "images",
    "a\x00b.png",
    "x" * 5000,
]


def _naming(folder: Path, kind: SampleFormat, name: str) -> None:
    """A set whose one image has this name, beside a file that is not of the set."""
    (folder / "images").mkdir(parents=True)
    (folder.parent / "outside.png").write_bytes(png(1))
    (folder / "link.png").symlink_to(folder.parent / "outside.png")
    if kind is SampleFormat.COCO:
        told = {"images": [{"id": 1, "file_name": name}], "categories": [], "annotations": []}
        (folder / "annotations.json").write_text(json.dumps(told))
    else:
        (folder / "samples.csv").write_text(f"file,label,mask\n{name},good,\n")


@pytest.mark.parametrize("kind", [SampleFormat.COCO, SampleFormat.CSV])
@pytest.mark.parametrize("name", [*ELSEWHERE, "\ud800.png"])
def test_a_name_in_a_set_leads_nowhere_else(
    empty: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: SampleFormat, name: str
) -> None:
    if kind is SampleFormat.CSV and name == "\ud800.png":
        return  # no file holds it
    _naming(tmp_path / "set", kind, name)
    writer = _key(empty, tmp_path, Role.ENGINEER, f"{tmp_path.name[:40]}")
    code, _, said = _run(capsys, "import", tmp_path / "set", "--recipe", "new", "--format", kind, *writer)
    assert (code, "nothing was imported" in said, "Traceback" in said) == (2, True, False), said
    assert empty.get_recipes() == []


@pytest.mark.parametrize("mask", ["../outside.png", "/etc/passwd", "link.png", "a\x00b.png", "x" * 5000])
def test_a_mask_in_a_table_leads_nowhere_else(
    empty: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str], mask: str
) -> None:
    _naming(tmp_path / "set", SampleFormat.CSV, "good.png")
    (tmp_path / "set" / "good.png").write_bytes(png(1))
    (tmp_path / "set" / "samples.csv").write_text(f"file,label,mask\ngood.png,defect,{mask}\n")
    writer = _key(empty, tmp_path, Role.ENGINEER, f"{tmp_path.name[:40]}")
    code, _, said = _run(capsys, "import", tmp_path / "set", "--recipe", "new", "--format", "csv", *writer)
    assert (code, "mask" in said, "Traceback" in said) == (2, True, False), said
    assert empty.get_recipes() == []


HOSTILE_TYPES = [
    "'; DROP TABLE samples; --",
    '"><img src=x onerror=y>',
    "=1+1",
    "../../up",
    "\u202egnp\u200b",
    "a\x1b[31m",
]


@pytest.mark.parametrize("kind", SampleFormat)
def test_hostile_defect_types_go_out_and_come_back_to_the_letter(
    empty: PlantClient, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: SampleFormat
) -> None:
    empty.post_recipe(NewRecipe(name=f"from-{kind}"))
    for number, name in enumerate(HOSTILE_TYPES):
        empty.post_sample(f"from-{kind}", png(40 + number), label=Label.DEFECT, defect_type=name)
    writer = _key(empty, tmp_path, Role.ENGINEER, f"types-{kind}")
    assert _run(capsys, "export", f"from-{kind}", "--format", kind, "--out", tmp_path / "out", *writer)[0] == 0
    assert all(path.resolve().is_relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*"))
    assert _run(capsys, "import", tmp_path / "out", "--recipe", f"to-{kind}", "--format", kind, *writer)[0] == 0
    assert _samples(empty, f"to-{kind}") == _samples(empty, f"from-{kind}")
    assert {one[3] for one in _samples(empty, f"to-{kind}")} == set(HOSTILE_TYPES)
