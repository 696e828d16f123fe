"""Where the map shows something is where it is."""

from pathlib import Path

import numpy as np
import pytest
import torch

from edge.contract.manifest import PreprocessSpec
from models.backbones.lite import LITE0, LITE2, LiteTrunk, LiteVariant
from models.data.folder import goods_in
from models.data.images import load_images
from models.detector import DetectorNet
from models.export.parity import run_torch
from models.features import PatchFeatures, extract
from models.heads.fusion import FusedHeads, HeadPlan
from models.heads.search import Grid
from models.progress import Progress
from models.training.folds import GoodFeatures, learn
from tests.support.textures import DataFolder

pytestmark = pytest.mark.timeout(600)
SIDE, STRIDE, SPOT, BORDER = 128, 16, 3, 40


@pytest.mark.parametrize("variant", [LITE0, LITE2])
def test_a_spot_is_shown_where_it_lies(tmp_path: Path, variant: LiteVariant) -> None:
    """On good parts with a few pixels turned to their opposite, anywhere between the positions of the grid."""
    quiet, spec = Progress({}, as_json=False), PreprocessSpec(width_px=SIDE, height_px=SIDE)
    root = DataFolder(tmp_path).add_goods(range(24), side=SIDE).root
    goods = load_images(goods_in(root), spec, quiet, "")
    features = PatchFeatures(LiteTrunk(variant))
    values = extract(features, goods.pixels[:20], quiet, "")
    plan = HeadPlan.of(values, Grid(1, SIDE // STRIDE, SIDE // STRIDE), 0.96, 0, seed=0)
    learnt = learn(GoodFeatures(values, values[:, None][:, :0]), None, plan, quiet)
    with torch.inference_mode():
        net = DetectorNet(features, FusedHeads(learnt.heads, learnt.heldout.goods), SIDE, SIDE).eval()
    generator = np.random.default_rng(0)
    beside = []
    for part in goods.pixels[20:]:
        places = generator.integers(BORDER, SIDE - BORDER, (24, 2))
        spotted = np.repeat(part, len(places), axis=0)
        for picture, (row, column) in zip(spotted, places, strict=True):
            spot = picture[row - SPOT : row + SPOT + 1, column - SPOT : column + SPOT + 1]
            spot[:] = 255 - spot
        plain, *shown = run_torch(net, np.concatenate([part, spotted])[:, np.newaxis]).maps
        more = np.maximum(np.stack(shown).reshape(-1, SIDE, SIDE) - plain.reshape(SIDE, SIDE), 0)
        more[more < 0.3 * more.max(axis=(1, 2), keepdims=True)] = 0
        weight = more.sum(axis=(1, 2))
        at = [(more.sum(axis=axis) @ np.arange(SIDE)) / weight for axis in (2, 1)]
        beside.append(np.stack(at, axis=1) - places)
    assert np.abs(np.concatenate(beside).mean(axis=0)).max() < 1
