"""An import against a plant that is busy, or goes away, by a transport instead of a network."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from edge.contract.errors import DataInvalid, PlantUnreachable
from inspection.client import PlantClient
from inspection.exchange.formats import SampleFormat
from inspection.exchange.transfer import export_samples, import_samples
from tests.support.plants import png

BUSY = httpx.Response(503, json={"message": "full"}, headers={"Retry-After": "3"})


def _plant(samples: Callable[[], httpx.Response]) -> PlantClient:
    """A plant without recipes; `samples` answers each upload."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/samples/list"):
            return httpx.Response(200, json={"samples": [], "next_after": None})
        if request.url.path.endswith("/samples"):
            return samples()
        if request.method == "GET":
            return httpx.Response(200, json=[])
        recipe = {"name": "part", "created_at": "2026-03-02T08:00:00Z", "champion_id": None, "review_waiting": 0}
        return httpx.Response(201, json=recipe)

    return PlantClient("http://plant.test", transport=httpx.MockTransport(answer))


def _folder(path: Path) -> Path:
    for number in range(2):
        file = path / "train" / "good" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(number))
    return path


def _taken() -> httpx.Response:
    return httpx.Response(201, json={"sha256": sha256(b"").hexdigest(), "split": "train", "new": True})


def test_a_busy_plant_is_asked_again_when_it_says(tmp_path: Path) -> None:
    answers, waited = [BUSY, BUSY, _taken(), _taken()], list[float]()
    client = _plant(lambda: answers.pop(0))
    found = import_samples(client, _folder(tmp_path), "part", SampleFormat.MVTEC, waited.append)
    assert (found.added, found.splits, waited) == (2, {"train": 2}, [3.0, 3.0])


def test_a_plant_that_stays_busy_ends_the_import_with_what_was_taken(tmp_path: Path) -> None:
    answers = [_taken()]
    client = _plant(lambda: answers.pop(0) if answers else BUSY)
    with pytest.raises(PlantUnreachable, match=r"train/good/1\.png: .*full.*1 of 2 images were taken before"):
        import_samples(client, _folder(tmp_path), "part", SampleFormat.MVTEC, lambda _: None)


def test_a_plant_that_goes_away_ends_the_import_at_once(tmp_path: Path) -> None:
    def gone() -> httpx.Response:
        raise httpx.ReadError("gone")

    with pytest.raises(PlantUnreachable, match="gone; 0 of 2 images"):
        import_samples(_plant(gone), _folder(tmp_path), "part", SampleFormat.MVTEC)


def test_a_folder_that_is_none_and_a_recipe_without_samples_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="expected a folder"):
        import_samples(_plant(_taken), tmp_path / "none", "part", SampleFormat.CSV)
    with pytest.raises(DataInvalid, match="expected labelled images to export"):
        export_samples(_plant(_taken), "part", SampleFormat.CSV, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
