"""Training with a ROI, tiles, ignored regions and alignment, as a user starts it, down to the line's verdict."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle import load_detector
from edge.contract.errors import PartNotFound
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import Detector, InferenceSettings
from edge.preprocess import preprocess
from tests.support.commands import Finished, run_command
from tests.support.textures import good_part, write_image

pytestmark = pytest.mark.timeout(600)
Image = NDArray[np.uint8]


def strip(seed: int, *, scratched: bool = False) -> Image:
    """An elongated part, 1024x128 px, of eight brushed squares."""
    squares = [good_part(1000 * seed + index) for index in range(8)]
    frame = np.concatenate(squares, axis=1)
    if scratched:
        cv2.line(frame, (820, 50), (835, 75), (250, 250, 250), 3)
    return frame


def train(path: Path, frames: list[Image], *options: str | Path) -> Finished:
    for index, frame in enumerate(frames):
        write_image(path / "part" / "train" / "good" / f"{index:03}.png", frame)
    arguments = ["--out", path / "part.bundle", "--key", path / "key.pem", "--json", *options]
    return run_command("train", path / "part", *arguments, home=path, threads=2)


def opened(path: Path) -> Detector:
    key = SigningKey.load_or_create(path / "key.pem")
    return load_detector(path / "part.bundle", TrustedKeys((key.public_text,)), InferenceSettings(threads=1))


def tiles_of(detector: Detector, pixels: np.ndarray) -> np.ndarray:
    """One part as the graph takes it."""
    return preprocess(pixels, detector.manifest.preprocess).tiles


def test_an_elongated_part_keeps_its_shape(tmp_path: Path) -> None:
    done = train(tmp_path, [strip(seed) for seed in range(10)], "--size-px", "128")
    assert done.code == 0, done.err
    assert (done.json()["input_px"], done.json()["tiles"]) == ([352, 32], 1)
    assert done.json()["smallest_defect_px"] == pytest.approx(8 * 128 / 32)


def test_a_small_defect_takes_tiles_and_is_found_where_it_is(tmp_path: Path) -> None:
    """Two parts in one batch, each with its tiles, score as they do alone."""
    frames = [strip(seed) for seed in range(10)]
    done = train(tmp_path, frames, "--size-px", "128", "--smallest-defect-px", "8")
    assert done.code == 0, done.err
    assert (done.json()["input_px"], done.json()["tiles"]) == ([128, 128], 11)
    detector = opened(tmp_path)
    bad = detector.judge(strip(50, scratched=True))
    good = [detector.judge(strip(seed)).score for seed in range(51, 55)]
    assert bad.verdict is Verdict.FAIL
    assert bad.score > 1.5 * max(good)
    parts = [strip(51), strip(50, scratched=True)]
    together = detector.run(np.concatenate([tiles_of(detector, part) for part in parts]))
    assert together.maps.shape == (22, 128, 128)
    assert together.score == pytest.approx([good[0], bad.score], abs=1e-3)
    row, column = np.unravel_index(int(bad.anomaly_map.argmax()), bad.anomaly_map.shape)
    height, width = bad.anomaly_map.shape
    assert column * 1024 / width == pytest.approx(828, abs=24)
    assert row * 128 / height == pytest.approx(62, abs=24)


def test_what_is_outside_the_roi_or_ignored_fails_no_part(tmp_path: Path) -> None:
    mask = np.zeros((128, 128), np.uint8)
    mask[50:70, 50:80] = 255
    write_image(tmp_path / "ignored.png", mask)
    options = ("--size-px", "128", "--roi", "16,16,96,96", "--ignore-mask", tmp_path / "ignored.png")
    done = train(tmp_path, [good_part(seed) for seed in range(12)], *options)
    assert done.code == 0, done.err
    detector, part = opened(tmp_path), good_part(77)
    before = detector.judge(part).score
    outside, ignored, inside = part.copy(), part.copy(), part.copy()
    outside[:14] = 255
    ignored[52:68, 52:78] = 255
    inside[80:95, 40:60] = 255
    assert detector.judge(outside).score == before
    assert detector.judge(ignored).score == pytest.approx(before, abs=0.5)
    assert detector.judge(inside).score > 2 * before


def turned(seed: int, angle_deg: float, *, scratched: bool = False) -> Image:
    """A plate with a notch, turned about the middle of its frame."""
    random = np.random.default_rng(seed)
    frame = np.full((160, 160), 40, np.float32)
    frame[50:110, 40:120] = 150
    frame[50:66, 84:100] = 40
    cv2.circle(frame, (60, 85), 10, 90, -1)
    if scratched:
        cv2.line(frame, (95, 85), (108, 98), 240, 2)
    motion = cv2.getRotationMatrix2D((79.5, 79.5), angle_deg, 1.0)
    moved = cv2.warpAffine(frame, motion, (160, 160), flags=cv2.INTER_LINEAR, borderValue=40)
    noisy = np.clip(moved + random.normal(0, 3, moved.shape), 0, 255).astype(np.uint8)
    return np.repeat(noisy[..., None], 3, axis=2)


def test_a_freely_turning_part_gains_from_alignment(tmp_path: Path) -> None:
    """The same parts with and without it: the defect stands out more, and what is no part is refused."""
    angles = np.random.default_rng(0).uniform(-180, 180, 40)
    goods = [turned(index, angle) for index, angle in enumerate(angles[:16])]
    golden = write_image(tmp_path / "golden.png", turned(99, 0))
    shown = {}
    for name, options in {"free": (), "aligned": ("--align", golden)}.items():
        done = train(tmp_path / name, goods, "--size-px", "128", *options)
        assert done.code == 0, done.err
        detector = opened(tmp_path / name)
        good = [detector.judge(turned(100 + i, a)).score for i, a in enumerate(angles[16:28])]
        bad = [detector.judge(turned(200 + i, a, scratched=True)).score for i, a in enumerate(angles[28:])]
        shown[name] = min(bad) - max(good)
        if name == "aligned":
            with pytest.raises(PartNotFound):
                detector.judge(np.full((160, 160, 3), 60, np.uint8))
    assert shown["aligned"] > 0
    assert shown["aligned"] > shown["free"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--roi", "1,2,3"), "expected X,Y,WIDTH,HEIGHT in pixels, got '1,2,3'"),
        (("--roi", "0,0,4,4"), "--roi: width_px"),
        (("--roi", "100,0,64,64"), "ROI reaches to (164, 64) px, but the frame is 128x128 px"),
        (("--align", "missing.png"), "--align: missing.png"),
        (("--ignore-mask", "missing.png"), "--ignore-mask: missing.png"),
        (("--smallest-defect-px", "0"), "--smallest-defect-px: expected 1 pixel or more"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    done = train(tmp_path, [good_part(seed) for seed in range(6)], *options)
    assert done.code == 2
    assert message in done.err


def test_masks_that_leave_nothing_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    frames = [good_part(seed) for seed in range(6)]
    everything = write_image(tmp_path / "all.png", np.full((128, 128), 255, np.uint8))
    small = write_image(tmp_path / "small.png", np.zeros((64, 64), np.uint8))
    assert "nothing is left of it" in train(tmp_path, frames, "--ignore-mask", everything).err
    assert "expected (128, 128) px like the images, got (64, 64)" in train(tmp_path, frames, "--ignore-mask", small).err
    sizes = [*frames, good_part(6, 160)]
    done = train(tmp_path, sizes, "--ignore-mask", small, "--roi", "0,0,100,100")
    assert done.code == 2, done.err
    assert "small.png: ROI reaches to (100, 100) px, but the frame is 64x64 px" in done.err


def test_a_retrained_bundle_looks_at_the_part_as_the_one_before(tmp_path: Path) -> None:
    """Nobody draws the ROI again, and no option of the training can contradict it."""
    golden = write_image(tmp_path / "golden.png", turned(99, 0))
    goods = [turned(index, 20 * index) for index in range(8)]
    options = ("--size-px", "128", "--roi", "4,4,152,152", "--align", golden)
    assert train(tmp_path, goods, *options).code == 0
    before = opened(tmp_path).manifest
    trust = SigningKey.load_or_create(tmp_path / "key.pem").public_text
    measured = run_command(
        "bench", tmp_path / "part.bundle", "--frames", "5", "--trust", trust, "--json", home=tmp_path
    )
    assert measured.code == 0, measured.err
    assert measured.json()["frames"] == 5
    champion = (tmp_path / "part.bundle").rename(tmp_path / "champion.bundle")
    done = train(tmp_path, [turned(50 + index, 20 * index) for index in range(8)], "--like", champion)
    assert done.code == 0, done.err
    after = opened(tmp_path).manifest
    ignoring_correlation = {"alignment": before.preprocess.alignment}
    assert after.preprocess.model_copy(update=ignoring_correlation) == before.preprocess
    assert after.preprocess.alignment is not None
    assert before.preprocess.alignment is not None
    assert after.preprocess.alignment.golden == before.preprocess.alignment.golden
    refused = train(tmp_path, goods, "--like", champion, "--roi", "0,0,64,64")
    assert refused.code == 2
    assert "expected none of --roi" in refused.err
