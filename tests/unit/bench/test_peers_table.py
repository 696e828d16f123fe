"""Facts of the table that compares us with peers."""

from dataclasses import replace
from pathlib import Path

from bench.peers.table import OURS, Row, as_markdown, better_peers, multiples, write_section

OUR_ROW = Row("nut", OURS, 190, 1, 20.0, 1200.0, None, 1, 0.998, 0.9, 10.0, 20.0, 200.0)


def test_what_a_peer_does_better_is_said_with_both_numbers() -> None:
    peer = replace(OUR_ROW, method="peer", image_auroc=0.999, train_s=8.0, p99_ms=40.0)
    assert better_peers([OUR_ROW, peer]) == [
        "nut: peer image AUROC 0.999 against 0.998",
        "nut: peer time of training in s 8 against 20",
    ]


def test_another_part_or_a_failed_training_is_not_better() -> None:
    other = replace(OUR_ROW, part="screw", method="peer", image_auroc=1.0)
    failed = Row("nut", "peer", 190, 1, 3.0, 8000.0, "ended at 8 GB of memory")
    assert better_peers([OUR_ROW, other, failed]) == []
    assert "no model: ended at 8 GB of memory" in as_markdown([failed])


def test_a_batch_that_was_baked_in_is_told_beside_its_time() -> None:
    assert "10.0, 20.0 ms (2 images a call)" in as_markdown([replace(OUR_ROW, batch=2)])


def test_a_multiple_is_told_by_call_and_by_image() -> None:
    peers = [replace(OUR_ROW, method="a", p50_ms=25.0), replace(OUR_ROW, method="b", p50_ms=50.0, batch=2)]
    assert multiples([OUR_ROW, *peers]) == ["nut a 2.5", "nut b 5.0 a call, 2.5 an image"]


def test_the_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    write_section(file, "first")
    file.write_text(file.read_text() + "\n## Something else\n")
    write_section(file, "second")
    text = file.read_text()
    assert "first" not in text
    assert text.count("second") == text.count("## Something else") == text.count("# Benchmarks") == 1
