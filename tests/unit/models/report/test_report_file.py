"""Facts of the report as a file."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from edge.bundle import load_detector
from edge.contract.errors import DataInvalid
from edge.contract.manifest import Costs
from edge.contract.signature import TrustedKeys
from edge.inference import InferenceSettings
from models.evaluation.evaluate import evaluate, load_test_images
from models.progress import Progress
from models.report.page import write_report
from tests.support.reports import HOSTILE, judged_folder

QUIET = Progress({}, as_json=False)


class Elements(HTMLParser):
    """All start tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))


def written(tmp_path: Path, name: str = "report.html") -> str:
    bundle, key, folder = judged_folder(tmp_path)
    detector = load_detector(bundle, TrustedKeys((key,)), InferenceSettings())
    images = load_test_images(folder, detector.manifest.preprocess, QUIET)
    write_report(
        tmp_path / name,
        detector,
        evaluate(detector, images, QUIET),
        images,
        Costs(escape=20, overkill=1, defect_rate=0.01),
    )
    return (tmp_path / name).read_text("utf-8")


def test_every_section_is_there_and_nothing_is_loaded(tmp_path: Path) -> None:
    elements = Elements(written(tmp_path)).found
    sections = [attributes["id"] for tag, attributes in elements if tag == "section"]
    assert sections == ["summary", "scores", "curves", "costs", "recall", "escapes", "overkill", "origin"]
    addresses = [
        value or "" for _, attributes in elements for key, value in attributes.items() if key in {"src", "href"}
    ]
    assert len(addresses) == 12
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert "link" not in {tag for tag, _ in elements}


def test_a_hostile_name_is_text(tmp_path: Path) -> None:
    text = written(tmp_path)
    assert HOSTILE not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_the_counts_come_with_their_intervals(tmp_path: Path) -> None:
    """One escape of three, one overkill of three: Clopper and Pearson say 0.8 to 90.6 %."""
    text = re.sub(r"\s+", " ", written(tmp_path))
    assert text.count("1 of 3; 95 %: 0.8 to 90.6 %") == 2


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataInvalid, match=r"--report: .*cannot be written"):
        written(tmp_path, "file/report.html")
