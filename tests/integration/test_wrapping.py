"""Models of other tools, really exported, as bundles that the line's detector judges with."""

import io
import logging
import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from edge.bundle import load_detector
from edge.contract.errors import DataInvalid, SettingsInvalid
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import Detector, InferenceSettings
from models.__main__ import main
from models.progress import Progress
from models.wrapping.request import ForeignInput, ForeignOutput, WrapRequest
from models.wrapping.wrap import wrap
from tests.support.commands import run_command
from tests.support.textures import DataFolder, good_part, hole_of

pytestmark = pytest.mark.timeout(600)
QUIET = Progress({}, as_json=False)
IMAGENET = ForeignInput(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


class Classifier(nn.Module):
    """Good, hole or scratch by hand-set weights: a part with much black has a hole, one with much white a scratch."""

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, 3)` of normalised RGB `(N, 3, H, W)`."""
        grey = image.mean(dim=1).flatten(1)
        black, white = (grey < -1.8).float().mean(1), (grey > 2.1).float().mean(1)
        return torch.stack([torch.full_like(black, 2.0), black * 1000 - 3, white * 1000 - 3], dim=1)


class Segmenter(nn.Module):
    """torchvision's, with random weights: for the plumbing."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=3).eval()

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, 3, H, W)`."""
        out: Tensor = self.net(image)["out"]
        return out


class Ranker(nn.Module):
    """A score and a coarse map, as anomaly detectors give them."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Score `(N,)`, map `(N, 1, H / 8, W / 8)`."""
        amap = nn.functional.avg_pool2d((image - 0.5).abs().mean(dim=1, keepdim=True), 8)
        return amap.amax(dim=(1, 2, 3)), amap


def exported(net: nn.Module, path: Path, batch: int | None, outputs: tuple[str, ...]) -> Path:
    """Write a model as its own tool would; a batch of None is dynamic."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            net.eval(),
            (torch.rand(batch or 2, 3, 96, 96),),
            dynamo=True,
            input_names=["image"],
            output_names=list(outputs),
            dynamic_shapes=None if batch else {"image": {0: torch.export.Dim("n", min=1, max=64)}},
            verbose=False,
        )
    assert program is not None
    buffer = io.BytesIO()
    onnx.save(program.model_proto, buffer)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture(scope="module")
def goods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return DataFolder(tmp_path_factory.mktemp("goods")).add_goods(range(12), side=96).root


Wrapper = Callable[..., Detector]


@pytest.fixture
def wrapped(tmp_path: Path, goods: Path) -> Wrapper:
    """Wrap a model and open the bundle as the line does."""
    key = SigningKey.load_or_create(tmp_path / "key.pem")

    def _wrapped(model: Path, takes: ForeignInput, gives: ForeignOutput, threshold: float | None = None) -> Detector:
        request = WrapRequest(model, goods, tmp_path / "x.bundle", key, "part", takes, gives, threshold=threshold)
        wrap(request, QUIET)
        return load_detector(tmp_path / "x.bundle", TrustedKeys((key.public_text,)), InferenceSettings(threads=1))

    return _wrapped


def normalised(pixels: np.ndarray, takes: ForeignInput) -> Tensor:
    image = (pixels / 255 - np.array(takes.mean)) / np.array(takes.std)
    return torch.from_numpy(image.transpose(2, 0, 1)[np.newaxis]).float()


def test_a_classifier_judges_and_names_its_classes(wrapped: Wrapper, tmp_path: Path) -> None:
    model = exported(Classifier(), tmp_path / "classifier.onnx", None, ("logits",))
    gives = ForeignOutput(logits="logits", classes=("good", "hole", "scratch"))
    detector = wrapped(model, IMAGENET, gives, threshold=0.0)
    bad, good = hole_of(3, 96)[0], good_part(50, 96)
    logits = Classifier()(normalised(bad, IMAGENET))[0]
    judged = detector.judge(bad)
    assert (judged.verdict, judged.defect_class) == (Verdict.FAIL, "hole")
    assert judged.score == pytest.approx(float(torch.logsumexp(logits[1:], 0) - logits[0]), abs=1e-3)
    assert detector.judge(good).verdict is Verdict.PASS
    assert detector.manifest.tier == "wrapped"
    assert not detector.judge(bad).anomaly_map.any()


def test_a_segmenter_of_torchvision_gives_score_and_map(wrapped: Wrapper, tmp_path: Path) -> None:
    net = Segmenter()
    model = exported(net, tmp_path / "segmenter.onnx", None, ("out",))
    detector = wrapped(model, IMAGENET, ForeignOutput(segmentation="out", good_class=1))
    part = good_part(60, 96)
    with torch.inference_mode():
        logits = net(normalised(part, IMAGENET))[0]
    expected = (torch.logsumexp(logits[[0, 2]], 0) - logits[1]).numpy()
    judged = detector.judge(part)
    assert np.allclose(judged.anomaly_map, expected, atol=1e-3)
    assert judged.score == pytest.approx(float(expected.max()), abs=1e-3)
    both = detector.run(np.stack([part, good_part(61, 96)]))
    assert both.score[0] == pytest.approx(judged.score, abs=1e-3)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_batch_that_was_baked_in_is_filled_up(wrapped: Wrapper, tmp_path: Path, batch: int) -> None:
    """As the export of some tools insists on."""
    model = exported(Ranker(), tmp_path / "ranker.onnx", batch, ("pred_score", "anomaly_map"))
    detector = wrapped(model, ForeignInput(), ForeignOutput(score="pred_score", map="anomaly_map"))
    part = hole_of(4, 96)[0]
    score, amap = Ranker()(torch.from_numpy(part.transpose(2, 0, 1)[np.newaxis] / 255).float())
    judged = detector.judge(part)
    assert judged.score == pytest.approx(float(score), abs=1e-4)
    whole = nn.functional.interpolate(amap, size=(96, 96), mode="bilinear")[0, 0].numpy()
    assert np.allclose(judged.anomaly_map, whole, atol=1e-4)


@pytest.mark.parametrize("opset", [11, 13, 17, 21])
@pytest.mark.parametrize("colour", ["bgr", "grey"])
def test_layout_and_colour_are_turned_inside_the_graph(
    wrapped: Wrapper, tmp_path: Path, opset: int, colour: str
) -> None:
    """The model is the identity on one channel: what comes out is what went in."""
    channels = 1 if colour == "grey" else 3
    nodes = [
        helper.make_node("Gather", ["x", "first"], ["plane"], axis=3),
        helper.make_node("Identity", ["plane"], ["map"]),
    ]
    graph = helper.make_graph(
        nodes,
        "identity",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 48, 48, channels])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", 48, 48])],
        [helper.make_tensor("first", TensorProto.INT64, [], [0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, tmp_path / "identity.onnx")
    takes = ForeignInput(layout="nhwc", colour=colour, scale=1.0)  # type: ignore[arg-type]
    detector = wrapped(tmp_path / "identity.onnx", takes, ForeignOutput(map="map"))
    pixels = np.zeros((48, 48, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 10, 200
    pixels[5, 7, 2] = 220
    output = detector.run(pixels[np.newaxis])
    blue, grey = pixels[..., 2].astype(float), 0.299 * 10 + 0.114 * pixels[..., 2]
    assert np.allclose(output.maps[0], grey if colour == "grey" else blue, atol=1e-3)
    assert output.score[0] == pytest.approx(output.maps.max())


def test_a_wrong_statement_is_named(goods: Path, tmp_path: Path) -> None:
    model = exported(Ranker(), tmp_path / "ranker.onnx", 1, ("pred_score", "anomaly_map"))
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    scored = WrapRequest(
        model, goods, tmp_path / "x.bundle", key, "part", ForeignInput(), ForeignOutput(score="pred_score")
    )
    wrong = {
        r"no output \['scor'\]; the graph has \['pred_score', 'anomaly_map'\]": {"gives": ForeignOutput(score="scor")},
        r"images of \(96, 96\) px, --size says \(64, 64\)": {"takes": ForeignInput(size_px=(64, 64))},
        r"expected 1 channels \(grey": {"takes": ForeignInput(colour="grey")},
        r"expected 3 channels \(rgb, nhwc\)": {"takes": ForeignInput(layout="nhwc")},
        "expected an ONNX file": {"model": goods / "train" / "good" / "000.png"},
        "fixed number of classes": {"gives": ForeignOutput(logits="pred_score")},
    }
    for message, change in wrong.items():
        with pytest.raises(DataInvalid, match=message):
            wrap(replace(scored, **change), QUIET)
    assert not (tmp_path / "x.bundle").exists()


def test_outputs_that_are_something_else_are_named(goods: Path, tmp_path: Path) -> None:
    """What only a run shows, or only the manifest would refuse."""
    ranker = exported(Ranker(), tmp_path / "ranker.onnx", None, ("pred_score", "anomaly_map"))
    classifier = exported(Classifier(), tmp_path / "classifier.onnx", None, ("logits",))
    key = SigningKey.load_or_create(tmp_path / "key.pem")
    scored = WrapRequest(
        ranker, goods, tmp_path / "x.bundle", key, "part", ForeignInput(), ForeignOutput(score="pred_score")
    )
    named = ForeignOutput(logits="logits", classes=("good", "hole"))
    wrong = {
        "one score a part, got 1728 of 12 parts": {"gives": ForeignOutput(score="anomaly_map")},
        "outputs are not as they were stated": {"gives": ForeignOutput(map="pred_score")},
        "--classes: expected 3 names": {"model": classifier, "gives": named},
        r"an input of 32 to 4096 px a side, got \(16, 16\)": {
            "model": small_identity(tmp_path),
            "gives": ForeignOutput(map="map"),
        },
    }
    for message, change in wrong.items():
        with pytest.raises(DataInvalid, match=message):
            wrap(replace(scored, **change), QUIET)
    assert not (tmp_path / "x.bundle").exists()


def small_identity(folder: Path) -> Path:
    """A model of inputs that no bundle can hold."""
    shape = ["N", 3, 16, 16]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["map"])],
        "identity",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, shape)],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "small.onnx"
    )
    return folder / "small.onnx"


def test_statements_that_contradict_each_other_are_refused() -> None:
    for gives in ({}, {"score": "a", "logits": "b"}, {"map": "a", "segmentation": "b"}):
        with pytest.raises(SettingsInvalid, match="expected one of --score and --logits"):
            ForeignOutput(**gives)
    with pytest.raises(SettingsInvalid, match="--mean: expected 1 or 3 numbers, got 2"):
        ForeignInput(mean=(0.5, 0.5))
    for std in (0.0, math.inf, math.nan):
        with pytest.raises(SettingsInvalid, match="--scale and --std: expected more than 0"):
            ForeignInput(std=(std,))
    with pytest.raises(SettingsInvalid, match="--mean: expected numbers"):
        ForeignInput(mean=(math.nan,))
    for classes in (("good", ""), ("good", "cut", "cut")):
        with pytest.raises(SettingsInvalid, match="--classes: expected a name for each, no two the same"):
            ForeignOutput(logits="a", classes=classes)


def test_the_command_wraps_and_the_bundle_inspects(
    goods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no bundle to train like."""
    model = exported(Ranker(), tmp_path / "ranker.onnx", None, ("pred_score", "anomaly_map"))
    out, key = tmp_path / "x.bundle", ("--key", tmp_path / "key.pem")
    stated = ("--score", "pred_score", "--map", "anomaly_map")
    done = run_command("wrap", model, goods, "--out", out, *stated, *key, "--json", home=tmp_path)
    assert done.code == 0, done.err
    assert done.json()["goods"] == 12
    assert "To promise 5.0% takes 59 good images" in done.json()["promise"]
    public = SigningKey.load_or_create(tmp_path / "key.pem").public_text
    judged = run_command("inspect", out, goods / "train" / "good" / "000.png", "--trust", public, home=tmp_path)
    assert judged.code == 0, judged.err
    assert main(["train", str(goods), "--out", str(tmp_path / "y.bundle"), "--like", str(out), *map(str, key)]) == 2
    assert "wraps a model of another tool" in capsys.readouterr().err
