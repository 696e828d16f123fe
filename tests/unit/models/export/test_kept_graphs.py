"""Graphs that are kept: found again for other weights, never for another net, and never needed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn

from models.backbones.trunk import Trunk
from models.detector import DetectorNet
from models.export import kept_graphs
from models.export.kept_graphs import KeptGraphs, graph_name, graphs_of_this_user
from models.export.onnx_graph import OUTPUTS, graph_of, to_onnx
from models.features import PatchFeatures
from models.heads.defect import LabelledFeatures
from models.heads.fusion import FusedHeads, HeadPlan, fit_heads
from models.heads.search import Grid

ROWS, STRIDE_PX, CHANNELS = 4, 8, 6
NOVELTY, LABELLED = OUTPUTS[:-1], OUTPUTS


class SmallTrunk(Trunk):
    """One convolution."""

    origin, sha256, stride_px, dimension = "fake", "0", STRIDE_PX, CHANNELS

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, CHANNELS, STRIDE_PX, STRIDE_PX)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """One tap, `(N, 6, H / 8, W / 8)`."""
        return [self.patches(pixels.permute(0, 3, 1, 2).float() / 255)]


@dataclass(frozen=True)
class Case:
    """How a detector differs from the plain one, whose parts are many and lie still."""

    goods: int = 12
    around: bool = False
    classes: int = 0
    tiles: int = 1
    seed: int = 0

    def net(self) -> DetectorNet:
        """Trained on noise."""
        torch.manual_seed(self.seed)
        positions = self.tiles * ROWS * ROWS
        plan = HeadPlan(Grid(self.tiles, ROWS, ROWS), few=False, moving=self.around, classes=self.classes, seed=0)
        goods = torch.randn(self.goods, positions, CHANNELS)
        heads = fit_heads(goods, self._labelled(positions) if self.classes else None, plan)
        with torch.no_grad():
            fused = FusedHeads(heads, heads.left_out(heads.whitening(goods)))
        side_px = ROWS * STRIDE_PX
        return DetectorNet(PatchFeatures(SmallTrunk()), fused, side_px, side_px, self.tiles).eval()

    def _labelled(self, positions: int) -> LabelledFeatures:
        every = torch.ones(self.classes, positions, dtype=torch.bool)
        shown = torch.randn(self.classes, positions, CHANNELS) + 3
        return LabelledFeatures(shown, torch.arange(self.classes), every, every[:, 0])

    @property
    def outputs(self) -> tuple[str, ...]:
        """With a class score where there are labels."""
        return LABELLED if self.classes else NOVELTY


PLAIN = Case()
OTHERS = [Case(around=True), Case(classes=1), Case(classes=2), Case(tiles=2)]


@pytest.fixture(name="traced")
def _traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name for each graph that is made, not found."""
    made: list[str] = []

    def counted(net: DetectorNet, outputs: tuple[str, ...]) -> onnx.ModelProto:
        made.append(graph_name(net, outputs))
        return graph_of(net, outputs)

    monkeypatch.setattr(kept_graphs, "graph_of", counted)
    return made


@pytest.mark.parametrize("case", [PLAIN, Case(130, around=True), Case(classes=2)], ids=str)
def test_another_training_of_the_same_kind_finds_the_graph_that_it_would_make(
    tmp_path: Path, traced: list[str], case: Case
) -> None:
    """Other features, another number of good parts: byte for byte what an export without a folder gives."""
    first, second = case.net(), Case(case.goods + 7, case.around, case.classes, case.tiles, seed=1).net()
    kept = KeptGraphs(tmp_path)
    assert kept.to_onnx(first, case.outputs) == to_onnx(first, case.outputs)
    assert kept.to_onnx(second, case.outputs) == to_onnx(second, case.outputs)
    assert len(traced) == 1


def test_every_other_kind_of_net_has_a_name_of_its_own() -> None:
    names = {graph_name(case.net(), case.outputs) for case in (PLAIN, *OTHERS)}
    assert len(names) == 1 + len(OTHERS)
    assert graph_name(PLAIN.net(), NOVELTY[:2]) not in names


def _with_a_number(net: DetectorNet) -> None:
    net.fused.gaussian_tail.offset = 0.5  # type: ignore[assignment]  # what a head may have tomorrow


def _without_a_reserve(net: DetectorNet) -> None:
    net.fused.reserve = None


def _with_other_positions(net: DetectorNet) -> None:
    search = net.fused.heads.search
    assert search is not None
    search.patches = search.patches.flip(0)


@pytest.mark.parametrize(
    ("case", "change"),
    [
        (PLAIN, _with_a_number),
        (Case(classes=1), _without_a_reserve),
        (Case(around=True), _with_other_positions),
    ],
)
def test_whatever_the_graph_may_have_built_in_changes_the_name(
    case: Case, change: Callable[[DetectorNet], None]
) -> None:
    net = case.net()
    before = graph_name(net, case.outputs)
    change(net)
    assert graph_name(net, case.outputs) != before


@pytest.mark.parametrize("package", ["torch", "onnxscript"])
def test_another_version_of_what_exports_changes_the_name(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    net, real = PLAIN.net(), kept_graphs.version
    before = graph_name(net, NOVELTY)
    monkeypatch.setattr(kept_graphs, "version", lambda name: "0" if name == package else real(name))
    assert graph_name(net, NOVELTY) != before


def test_a_damaged_file_is_made_again(tmp_path: Path, traced: list[str]) -> None:
    net, kept = PLAIN.net(), KeptGraphs(tmp_path)
    expected = kept.to_onnx(net, NOVELTY)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert kept.to_onnx(net, NOVELTY) == expected
    assert (len(traced), file.read_bytes()) == (2, whole)


@pytest.mark.parametrize("folder", [None, Path("/proc/none")])
def test_without_a_folder_that_can_be_written_the_export_goes_on(folder: Path | None) -> None:
    assert KeptGraphs(folder).graph_of(PLAIN.net(), NOVELTY).graph.node


def test_a_user_without_a_home_keeps_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    assert graphs_of_this_user() is None


def test_a_graph_tells_no_path_of_the_machine_that_made_it() -> None:
    assert str(Path(__file__).parents[4]).encode() not in to_onnx(PLAIN.net(), NOVELTY)
