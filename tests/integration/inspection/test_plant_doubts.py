"""Labels to look at before a training."""

import pytest
from fastapi.testclient import TestClient

from edge.contract.result import InspectionResult, Verdict
from inspection.jobs.book import JobKind, JobState, add_job
from inspection.people.roles import Role
from inspection.plant import Plant
from tests.support.plants import Person, a_result, image_ref, person_with, png, send_image, send_results


def _part(client: TestClient, station: dict[str, str], seed: int, score: float = 1.5) -> InspectionResult:
    frame = png(seed)
    result = a_result(Verdict.FAIL, (image_ref(frame),), score=score)
    send_results(client, station, result)
    send_image(client, station, frame)
    return result


def _say(person: Person, result: InspectionResult, label: str, defect_type: str | None = None) -> None:
    body = {"result_id": result.id, "label": label, "defect_type": defect_type}
    assert person.post("/labels", body).status_code == 201


def _doubts(person: Person) -> list[dict[str, object]]:
    doubts: list[dict[str, object]] = person.get("/recipes/part/samples/doubts").json()
    return doubts


def _last_training_tells(plant: Plant, **named: object) -> None:
    with plant.database.write() as session:
        row = add_job(session, JobKind.TRAIN, "part", {}, "admin", plant.clock())
        row.state, row.result = JobState.SUCCEEDED.value, named


@pytest.fixture(name="other")
def _other(client: TestClient, plant: Plant) -> Person:
    return person_with(plant, client, Role.INSPECTOR)


def test_people_who_disagree_are_named_with_what_counts(
    client: TestClient, admin: Person, other: Person, station: dict[str, str]
) -> None:
    part = _part(client, station, 1)
    _say(admin, part, "good")
    assert _doubts(admin) == []
    _say(other, part, "defect", "dent")
    (doubt,) = _doubts(admin)
    assert (doubt["kind"], doubt["counts_as"]) == ("people_disagree", "dent")
    assert [(said["user"], said["label"], said["result_id"]) for said in doubt["said"]] == [
        ("admin", "good", part.id),
        (other.name, "defect", part.id),
    ]
    _say(other, part, "retracted")
    assert _doubts(admin) == []


def test_a_picture_that_one_person_labels_both_ways_is_named(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    """The same picture in two results, and an upload against a person."""
    for label in ("good", "defect"):
        _say(admin, _part(client, station, 1), label)
    admin.send("/recipes/part/samples", png(2), label="defect", defect_type="dent")
    _say(admin, _part(client, station, 2), "good")
    found = {doubt["sha256"]: doubt for doubt in _doubts(admin)}
    assert [doubt["kind"] for doubt in found.values()] == ["labelled_both_ways"] * 2
    uploaded = found[image_ref(png(2)).sha256]
    assert [(said["user"], said["result_id"] is None) for said in uploaded["said"]] == [(None, True), ("admin", False)]


def test_whoever_calls_all_defects_good_is_named_with_each_and_outweighed_by_rulings(
    client: TestClient, admin: Person, other: Person, station: dict[str, str]
) -> None:
    """Their word is the latest and counts, until an engineer rules; and they cannot rule themselves."""
    parts = [_part(client, station, seed) for seed in range(6)]
    for part in parts:
        _say(admin, part, "defect", "dent")
    for part in parts[:5]:
        _say(other, part, "good")
    doubts = _doubts(admin)
    assert {(doubt["kind"], doubt["counts_as"]) for doubt in doubts} == {("people_disagree", "good")}
    assert {doubt["sha256"] for doubt in doubts} == {part.images[0].sha256 for part in parts[:5]}
    liars = [{said["user"] for said in doubt["said"] if said["label"] == "good"} for doubt in doubts]
    assert liars == [{other.name}] * 5
    paths = [f"/recipes/part/samples/{doubt['sha256']}/ruling" for doubt in doubts]
    assert other.post(paths[0], {"label": "good"}).status_code == 403
    for path in paths:
        assert admin.post(path, {"label": "defect", "defect_type": "dent"}).status_code == 204
    assert _doubts(admin) == []
    counted = admin.get("/recipes/part/samples").json()
    assert sum(counted["goods"].values()) == 0
    assert sum(sum(of.values()) for of in counted["defects"].values()) == 6


def test_whoever_calls_goods_defects_is_named_where_anybody_says_good(
    client: TestClient, admin: Person, other: Person, station: dict[str, str]
) -> None:
    parts = [_part(client, station, seed, score=0.2) for seed in range(3)]
    for part in parts:
        _say(other, part, "defect", "dent")
    for part in parts[:2]:
        _say(admin, part, "good")
    doubts = _doubts(admin)
    assert [(doubt["kind"], doubt["counts_as"]) for doubt in doubts] == [("people_disagree", "good")] * 2
    assert all({said["user"] for said in doubt["said"]} == {"admin", other.name} for doubt in doubts)


def test_two_names_of_one_defect_are_a_lesser_doubt(
    client: TestClient, admin: Person, other: Person, station: dict[str, str]
) -> None:
    part = _part(client, station, 1)
    _say(admin, part, "defect", "dent")
    _say(other, part, "defect", "hole")
    (doubt,) = _doubts(admin)
    assert (doubt["kind"], doubt["why"]) == ("types_differ", "named dent and hole: the latest label counts")


def test_goods_that_their_station_failed_far_above_come_farthest_first(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    parts = [_part(client, station, seed, score) for seed, score in enumerate((1.5, 3.0, 9.0))]
    for part in parts:
        _say(admin, part, "good")
    doubts = _doubts(admin)
    assert [doubt["kind"] for doubt in doubts] == ["failed_far_above"] * 2
    assert "scored it 9.00, threshold 1.00" in str(doubts[0]["why"])
    _say(admin, parts[2], "defect")
    assert len(_doubts(admin)) == 1


def test_goods_that_the_last_training_named_are_listed_until_relabelled(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    part = _part(client, station, 1)
    _say(admin, part, "good")
    sha256 = image_ref(png(1)).sha256
    _last_training_tells(plant, suspicious_goods=[f"{sha256}.png", "gone.png"])
    assert [(doubt["sha256"], doubt["kind"]) for doubt in _doubts(admin)] == [(sha256, "unlike_other_goods")]
    _say(admin, part, "defect", "dent")
    assert _doubts(admin) == []


def test_goods_that_look_like_a_known_defect_come_with_its_type_until_somebody_rules(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    part = _part(client, station, 1)
    _say(admin, part, "good")
    sha256 = image_ref(png(1)).sha256
    _last_training_tells(plant, goods_like_defects=[[f"{sha256}.png", "dent"], ["gone.png", "dent"]])
    (doubt,) = _doubts(admin)
    assert (doubt["sha256"], doubt["kind"], doubt["counts_as"]) == (sha256, "like_defects", "good")
    assert doubt["looks_like"] == "dent"
    assert admin.post(f"/recipes/part/samples/{sha256}/ruling", {"label": "good"}).status_code == 204
    assert _doubts(admin) == []


def test_defects_that_look_like_good_parts_are_listed_until_somebody_rules(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    """Of a good part that two people call defective nobody else would say so."""
    part, good = _part(client, station, 1), _part(client, station, 2)
    _say(admin, part, "defect", "dent")
    _say(admin, good, "good")
    names = [f"{image_ref(png(number)).sha256}.png" for number in (1, 2)]
    _last_training_tells(plant, ordinary_defects=names)
    (doubt,) = _doubts(admin)
    assert (doubt["sha256"], doubt["kind"], doubt["counts_as"]) == (names[0][:-4], "like_goods", "dent")
    ruling = {"label": "defect", "defect_type": "dent"}
    assert admin.post(f"/recipes/part/samples/{doubt['sha256']}/ruling", ruling).status_code == 204
    assert _doubts(admin) == []


def test_a_held_out_picture_that_is_nearly_learnt_from_is_named_until_somebody_rules(
    admin: Person, plant: Plant, client: TestClient, station: dict[str, str]
) -> None:
    part = _part(client, station, 1)
    _say(admin, part, "good")
    sha256 = part.images[0].sha256
    paths = [f"/jobs/1/data/test/good/{sha256}.png", f"/jobs/1/data/test/good/{'0' * 64}.png"]
    _last_training_tells(plant, test_images_learnt_from=paths)
    (doubt,) = _doubts(admin)
    assert (doubt["sha256"], doubt["kind"], doubt["counts_as"]) == (sha256, "copy_of_learnt", "good")
    assert admin.post(f"/recipes/part/samples/{sha256}/ruling", {"label": "unsure"}).status_code == 204
    assert _doubts(admin) == []


def test_a_ruling_is_shown_with_the_part(
    client: TestClient, admin: Person, other: Person, station: dict[str, str]
) -> None:
    """Beside the labels it outweighed, and only where those are shown."""
    part = _part(client, station, 1)
    _say(other, part, "good")
    path = f"/recipes/part/samples/{part.images[0].sha256}/ruling"
    assert admin.post(path, {"label": "defect", "defect_type": "dent"}).status_code == 204
    shown = admin.get(f"/results/{part.id}").json()
    assert [(label["user"], label["label"]) for label in shown["labels"]] == [(other.name, "good")]
    (ruling,) = shown["rulings"]
    assert (ruling["user"], ruling["label"], ruling["defect_type"]) == ("admin", "defect", "dent")
    assert admin.get("/review/parts", params={"id": part.id}).json()[0]["rulings"] == []
    assert admin.get(f"/results/{_part(client, station, 2).id}").json()["rulings"] == []


def test_alike_goods_are_one_doubt_until_one_or_all_are_kept(
    admin: Person, plant: Plant, client: TestClient, station: dict[str, str]
) -> None:
    parts = [_part(client, station, seed) for seed in range(5)]
    for part in parts:
        _say(admin, part, "good")
    names = [f"{part.images[0].sha256}.png" for part in parts]
    _last_training_tells(plant, goods_alike=[names[:3], names[3:], ["gone.png", names[0]]])
    first, second = _doubts(admin)
    assert (first["kind"], len(first["alike"]), len(second["alike"])) == ("alike_goods", 2, 1)
    for sha256 in first["alike"]:
        admin.post(f"/recipes/part/samples/{sha256}/ruling", {"label": "unsure"})
    assert [doubt["sha256"] for doubt in _doubts(admin)] == [second["sha256"]]
    for sha256 in (second["sha256"], *second["alike"]):
        admin.post(f"/recipes/part/samples/{sha256}/ruling", {"label": "good"})
    assert _doubts(admin) == []
    counts = admin.get("/recipes/part/models").json()["samples"]["goods"]
    assert counts["train"] + counts["holdout"] == 3


def test_doubts_of_an_unknown_recipe_are_not_found(admin: Person) -> None:
    assert admin.get("/recipes/none/samples/doubts").status_code == 404


def test_a_ruling_settles_a_doubt_until_somebody_says_more(
    client: TestClient, admin: Person, other: Person, station: dict[str, str]
) -> None:
    part = _part(client, station, 1, score=9.0)
    _say(admin, part, "good")
    _say(other, part, "defect", "dent")
    sha256 = part.images[0].sha256
    ruling = f"/recipes/part/samples/{sha256}/ruling"
    assert admin.post(ruling, {"label": "good"}).status_code == 204
    assert _doubts(admin) == []  # neither people's nor the station's, which scored it far above the threshold
    assert (
        admin.get("/recipes/part/samples").json()["goods"]["train"]
        + admin.get("/recipes/part/samples").json()["goods"]["holdout"]
        == 1
    )
    _say(other, part, "defect", "scratch")
    assert [doubt["kind"] for doubt in _doubts(admin)] == ["people_disagree"]
    assert admin.post(ruling, {"label": "unsure"}).status_code == 204
    assert _doubts(admin) == []
    assert admin.get("/recipes/part/samples").json()["goods"] == {"train": 0, "holdout": 0}
    assert admin.post(ruling, {"label": "defect", "defect_type": "scratch"}).status_code == 204
    assert sum(sum(of.values()) for of in admin.get("/recipes/part/samples").json()["defects"].values()) == 1
    assert [row["action"] for row in admin.get("/audit?limit=3").json()][:2] == ["sample.ruled", "sample.ruled"]


@pytest.mark.usefixtures("station")
def test_a_ruling_needs_an_engineer_and_a_sample(admin: Person, other: Person) -> None:
    unknown = f"/recipes/part/samples/{'0' * 64}/ruling"
    assert other.post(unknown, {"label": "good"}).status_code == 403
    answer = admin.post(unknown, {"label": "good"})
    assert (answer.status_code, answer.json()["message"]) == (404, "recipe 'part': no sample 000000000000")


def test_pictures_that_cannot_be_read_are_listed_until_they_are_left_out(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    """That somebody rules them good does not make them readable; those of the hold-out are told by the gate."""
    parts = [_part(client, station, number) for number in (1, 2)]
    for part in parts:
        _say(admin, part, "good")
    names = [f"{image_ref(png(number)).sha256}.png" for number in (1, 2)]
    _last_training_tells(plant, unreadable=names[:1], gate={"challenger": {"unreadable": names[1:]}})
    assert {(doubt["sha256"], doubt["kind"]) for doubt in _doubts(admin)} == {
        (name[:-4], "unreadable") for name in names
    }
    admin.post(f"/recipes/part/samples/{names[0][:-4]}/ruling", {"label": "good"}).raise_for_status()
    assert len(_doubts(admin)) == 2
    for name in names:
        admin.post(f"/recipes/part/samples/{name[:-4]}/ruling", {"label": "unsure"}).raise_for_status()
    assert _doubts(admin) == []
