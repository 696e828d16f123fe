"""Facts of what happens after the verdict."""

from dataclasses import replace

import cv2
import numpy as np

from edge.contract.frame import EncodedImage
from edge.contract.result import ImageKind, InspectionResult, Verdict
from edge.inference import Judgement
from edge.spool.store import Record
from edge.station.keeper import Keeper
from edge.station.line import Settled
from edge.station.settings import ImageSettings
from tests.support.edge_fakes import frame, grey, png, result


def settled(sequence: int, verdict: Verdict, **changes: object) -> Settled:
    """A judged part as the line publishes it."""
    judgement = None
    if verdict is not Verdict.UNDECIDED:
        judgement = Judgement(verdict, 0.5, 1.0, None, np.zeros((64, 64), np.float32), 0, 1)
    return Settled(result(sequence, verdict), frame(f"part-{sequence}", **changes), judgement)


def run(policy: ImageSettings, *parts: Settled) -> tuple[list[Record], Keeper]:
    """Everything through a keeper."""
    records: list[Record] = []
    keeper = Keeper(policy, records.append)
    for part in parts:
        keeper.put(part)
    keeper.stop()
    return records, keeper


def test_failed_and_undecided_frames_are_kept_and_passed_ones_are_not() -> None:
    records, _ = run(
        ImageSettings(),
        settled(1, Verdict.PASS),
        settled(2, Verdict.FAIL),
        settled(3, Verdict.UNDECIDED),
    )
    kinds = [[ref.kind for ref in record.result.images] for record in records]
    assert kinds == [[], [ImageKind.FRAME, ImageKind.OVERLAY], [ImageKind.FRAME]]


def test_a_share_of_passed_frames_is_kept_by_seed() -> None:
    """The same seed keeps the same parts."""
    parts = [settled(n, Verdict.PASS) for n in range(1, 201)]
    policy = ImageSettings(keep_pass_fraction=0.25, seed=7)
    first, second = ([bool(r.images) for r in run(policy, *parts)[0]] for _ in range(2))
    assert first == second
    assert 25 <= sum(first) <= 75


def test_the_first_frames_after_a_change_of_the_bundle_are_kept_whatever_their_verdict() -> None:
    """Also when an old bundle comes back."""
    bundles = ["a"] * 4 + ["b"] * 3 + ["a"] * 3
    parts = [settled(n, Verdict.PASS) for n in range(1, len(bundles) + 1)]
    parts = [
        replace(part, result=part.result.model_copy(update={"bundle_id": bundle}))
        for part, bundle in zip(parts, bundles, strict=True)
    ]
    records, _ = run(ImageSettings(keep_first_after_change=2), *parts)
    kept = [bool(record.images) for record in records]
    assert kept == [True, True, False, False, True, True, False, True, True, False]
    assert [record.result.kept_share for record in records] == [1.0 if one else None for one in kept]


def test_views_with_a_bundle_each_are_no_changes_of_the_bundle() -> None:
    """Two cameras, two part types: the bundles take turns with every part, and none of them is new."""
    parts = [
        replace(settled(n, Verdict.PASS), result=result(n, camera=camera, bundle_id=bundle))
        for n, (camera, bundle) in enumerate([("top", "a"), ("side", "b")] * 4, 1)
    ]
    records, _ = run(ImageSettings(keep_first_after_change=2), *parts)
    assert [bool(record.images) for record in records] == [True] * 4 + [False] * 4


def test_a_result_tells_with_which_chance_its_picture_was_kept() -> None:
    """What the plant draws of them stands for all parts, of which the first ones are kept more often."""
    passed = [settled(n, Verdict.PASS) for n in range(1, 101)]
    bundled = [replace(part, result=part.result.model_copy(update={"bundle_id": "a"})) for part in passed]
    records, _ = run(ImageSettings(keep_pass_fraction=0.25, keep_first_after_change=3), *bundled)
    told = [record.result.kept_share for record in records if record.images]
    assert (told[:3], set(told[3:])) == ([1.0] * 3, {0.25})
    (failed,), _ = run(ImageSettings(keep_pass_fraction=0.25), settled(1, Verdict.FAIL))
    assert failed.result.kept_share == 1.0


def test_the_record_tells_when_the_outputs_had_the_result() -> None:
    records: list[Record] = []
    keeper = Keeper(ImageSettings(), records.append, acknowledged=lambda _: 4711)
    keeper.put(settled(1, Verdict.PASS))
    keeper.stop()
    assert records[0].result.times.acknowledged_us == 4711


def test_the_original_bytes_are_kept_also_of_a_file_that_cannot_be_decoded() -> None:
    """What is stored is what came."""
    torn = EncodedImage(png()[:50], "image/png")
    part = settled(1, Verdict.UNDECIDED, encoded=torn, fault="cut off")
    records, _ = run(ImageSettings(), part)
    (ref,) = records[0].result.images
    assert records[0].images[ref.sha256] == torn
    assert ref.size_bytes == 50


def test_pixels_without_a_file_are_stored_without_loss() -> None:
    part = settled(1, Verdict.FAIL, pixels=grey(37))
    records, _ = run(ImageSettings(), part)
    image = records[0].images[records[0].result.images[0].sha256]
    decoded = cv2.imdecode(np.frombuffer(image.data, np.uint8), cv2.IMREAD_COLOR)
    assert (decoded == 37).all()


def test_frames_that_wait_are_bounded_and_counted_but_no_result_is_lost() -> None:
    """The thread is not running: three frames of 3 MB do not fit into 4 MiB."""
    parts = [settled(n, Verdict.FAIL, pixels=grey(0, (1000, 1000))) for n in range(1, 4)]
    records, keeper = run(ImageSettings(waiting_mb=4), *parts)
    assert [bool(record.images) for record in records] == [True, False, False]
    assert [record.result.sequence for record in records] == [1, 2, 3]
    assert keeper.frames_given_up == 2


def test_observers_see_every_result() -> None:
    seen: list[InspectionResult] = []
    keeper = Keeper(ImageSettings(), lambda _: None, (seen.append,))
    parts = [settled(n, Verdict.PASS) for n in range(1, 4)]
    for part in parts:
        keeper.put(part)
    keeper.stop()
    assert seen == [part.result for part in parts]


def test_an_image_that_cannot_be_drawn_does_not_cost_the_result() -> None:
    """A map of the wrong shape breaks the drawing; the result goes on without images."""
    broken = Judgement(Verdict.FAIL, 2.0, 1.0, None, np.zeros((8, 8, 2), np.float32), 0, 1)
    records, keeper = run(ImageSettings(), Settled(result(1, Verdict.FAIL), frame(), broken))
    assert len(records) == 1
    assert not records[0].images
    assert keeper.frames_given_up == 1


def test_the_latest_part_with_pixels_is_remembered() -> None:
    part = settled(1, Verdict.PASS)
    _, keeper = run(ImageSettings(), part)
    assert keeper.latest is part
