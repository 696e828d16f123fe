"""The export, step by step on a small detector: a bundle judges as its torch module, or is not written."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.bundle import load_detector
from edge.contract.errors import GateRefused
from edge.contract.manifest import PreprocessSpec
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import InferenceSettings
from models.backbones.lite import LiteTrunk
from models.calibration.threshold import calibrate
from models.data.folder import goods_in
from models.data.images import ImageSet, load_images
from models.detector import DetectorNet
from models.export.bundle import BundleParts, write_bundle
from models.export.onnx_graph import to_onnx
from models.export.parity import TOLERANCE, run_torch
from models.features import PatchFeatures, extract
from models.heads.fusion import FusedHeads, HeadPlan
from models.heads.search import Grid
from models.progress import Progress
from models.training.folds import GoodFeatures, learn
from models.training.request import TrainRequest
from tests.support.textures import DataFolder, good_part, hole_of

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Built:
    """A detector as a torch module, with all that its bundle needs."""

    net: DetectorNet
    parts: Callable[[Path], BundleParts]
    trusted: TrustedKeys


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The steps of a training, one after the other, on eight small good parts."""
    path = tmp_path_factory.mktemp("built")
    root = DataFolder(path).add_goods(range(8), side=96).root
    quiet, spec = Progress({}, as_json=False), PreprocessSpec(width_px=96, height_px=96)
    goods = load_images(goods_in(root), spec, quiet, "")
    features = PatchFeatures(LiteTrunk())
    values = extract(features, goods.pixels, quiet, "")
    plan = HeadPlan.of(values, Grid(1, 6, 6), 0.96, 0, seed=0)
    learnt = learn(GoodFeatures(values, values[:, None][:, :0]), None, plan, quiet)
    heldout = learnt.heldout.goods
    with torch.inference_mode():
        fused = FusedHeads(learnt.heads, heldout)
        scores = fused.fuse(heldout).score.numpy()
    calibration = calibrate(scores, np.zeros(0, np.float32), 0.05)
    key = SigningKey.load_or_create(path / "key.pem")

    def parts(out: Path) -> BundleParts:
        none = ImageSet([], goods.pixels[:0], [], [], [], [])
        return BundleParts(TrainRequest(root, out, key, "part"), spec, calibration, (), goods, none, ())

    return Built(DetectorNet(features, fused, 96, 96).eval(), parts, TrustedKeys((key.public_text,)))


def test_the_bundle_judges_as_the_torch_module_does(built: Built, tmp_path: Path) -> None:
    """On parts that the parity gate has not seen, through the line's own detector."""
    write_bundle(built.net, built.parts(tmp_path / "part.bundle"))
    detector = load_detector(tmp_path / "part.bundle", built.trusted, InferenceSettings(threads=1))
    pictures = [good_part(seed, 96) for seed in range(50, 54)] + [hole_of(seed, 96)[0] for seed in range(50, 54)]
    expected = run_torch(built.net, np.stack(pictures)[:, np.newaxis])
    threshold = detector.manifest.calibration.threshold
    judged = [detector.judge(pixels) for pixels in pictures]
    assert np.allclose([j.score for j in judged], expected.score, atol=TOLERANCE)
    assert [j.verdict is Verdict.FAIL for j in judged] == (expected.score > threshold).tolist()


def test_a_graph_that_says_something_else_than_torch_never_becomes_a_bundle(built: Built, tmp_path: Path) -> None:
    """One buffer of the exported graph is 5 % off."""

    def export_another(net: DetectorNet, outputs: tuple[str, ...]) -> bytes:
        other = copy.deepcopy(net)
        other.fused.gaussian_tail.scale *= 1.05
        return to_onnx(other, outputs)

    with pytest.raises(GateRefused, match="torch and onnxruntime differ on 9 images"):
        write_bundle(built.net, built.parts(tmp_path / "part.bundle"), export_another)
    assert list(tmp_path.iterdir()) == []
