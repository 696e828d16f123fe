"""What is tolerated, how the level is chosen, and that the graph computes the same."""

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edge.contract.errors import DataInvalid, GateRefused
from models.acceptance.choice import LADDER, LEVELS, Choice, choose
from models.acceptance.graph import heads_of, leading_of, whitened_of, with_outputs, with_tolerance, without_tolerance
from models.acceptance.plane import Floats, Planes, kinds_of, no_planes, planes_between, turned
from models.acceptance.shown import Shown
from models.acceptance.tolerance import Tolerance, directions_of, most_unusual, tolerated

POSITIONS, SIZE = 4, 4
PASSES_UP_TO = 3.0


def parts(*peaks: list[float]) -> Floats:
    """`(N, P, D)` of small noise, with a peak at one position of each."""
    made = np.random.default_rng(0).normal(0, 0.1, (len(peaks), POSITIONS, SIZE)).astype(np.float32)
    for part, peak in zip(made, peaks, strict=True):
        part[2] = peak
    return made


def lengths(whitened: Floats) -> Floats:
    """`(N, P)`."""
    return np.asarray(np.linalg.norm(whitened, axis=-1), np.float32)


def passes(whitened: Floats) -> Any:
    """A detector whose score is the length of the longest patch."""
    return lengths(whitened).max(axis=1) <= PASSES_UP_TO


def shown(*peaks: list[float]) -> Shown:
    whitened = parts(*peaks)
    return Shown([f"{index}.png" for index in range(len(peaks))], whitened, lengths(whitened), passes(whitened))


def chosen(accepted: Shown, defects: Shown) -> Choice:
    return choose(accepted, defects, passes)


STAIN = [[9.0, 0.5, 0, 0], [12.0, 0, 0.5, 0], [5.0, 0, 0, 0.3], [7.0, 0.2, 0, 0], [8.0, 0, 0, 0]]
CRACK = [[0, 9.0, 0, 0], [0.5, 7.0, 0, 0]]


def test_a_patch_in_an_accepted_direction_counts_as_usual() -> None:
    tolerance = Tolerance(np.array([[1, 0, 0, 0]], np.float32), 0.8, no_planes(SIZE), 0.0)
    left = tolerated(parts([50.0, 1, 0, 0], [0, 50.0, 0, 0], [-50.0, 0, 0, 0]), tolerance)
    assert lengths(left)[:, 2].round(1).tolist() == [0.0, 50.0, 50.0]


def test_scores_never_rise() -> None:
    whitened = np.random.default_rng(1).normal(0, 3, (20, POSITIONS, SIZE)).astype(np.float32)
    accepted = whitened[:5].reshape(-1, SIZE)
    planes = planes_between(accepted, kinds_of(accepted), 4, whitened[5:10].reshape(-1, SIZE))
    tolerance = Tolerance(directions_of(whitened[:5], lengths(whitened[:5])), 0.5, planes, 0.5)
    assert (lengths(tolerated(whitened, tolerance)) <= lengths(whitened)).all()


def test_a_patch_on_the_side_of_known_defects_counts_as_before() -> None:
    """As alike to what was accepted as another, and nearer to a known defect."""
    planes = Planes(np.array([[0, -4, 4, 0]], np.float32), np.zeros(1, np.float32))
    tolerance = Tolerance(np.array([[1, 0, 0, 0]], np.float32), 0.5, planes, 1.0)
    left = tolerated(parts([5.0, 5.0, 0, 0], [5.0, 0, 5.0, 0], [5.0, 1.0, 1.0, 0]), tolerance)
    assert lengths(left)[:, 2] == pytest.approx([7.1, 0.0, 5.2], abs=0.05)


def test_planes_lie_between_each_kind_and_known_defects() -> None:
    """Stains of two kinds: neither lies beyond the plane of the other."""
    spots = [[0.2, 0, 9.0, 0], [0, 0.2, 6.0, 0.1], [0.1, 0.3, 12.0, 0]]
    stains, cracks = parts(*STAIN, *spots)[:, 2], parts(*CRACK)[:, 2]
    kinds = np.array([0] * len(STAIN) + [1] * len(spots))
    planes = planes_between(stains, kinds, 3, cracks)  # of the third kind all are left out
    assert (planes.beyond(turned(stains)) > 0).all()
    assert (planes.beyond(turned(cracks)) < 0).all()
    assert ((turned(stains) @ planes.weights.T + planes.biases).argmax(axis=1) == kinds).all()
    assert turned(100 * stains) == pytest.approx(turned(stains), abs=1e-4)
    assert (planes.moved(np.full(3, 100, np.float32)).beyond(turned(stains)) < 0).all()


def test_patches_that_point_alike_are_of_a_kind() -> None:
    kinds = kinds_of(parts(*STAIN, *CRACK)[:, 2])
    assert not set(kinds[: len(STAIN)]) & set(kinds[len(STAIN) :])
    assert kinds_of(parts([9.0, 0, 0, 0])[:, 2]).tolist() == [0]


def test_at_least_one_patch_of_each_part_shows_something() -> None:
    whitened = parts(*STAIN)
    assert most_unusual(whitened, lengths(whitened), 0.01) == pytest.approx(whitened[:, 2:3])


def test_directions_are_those_of_the_most_unusual_patches() -> None:
    whitened = parts(*STAIN)
    directions = directions_of(whitened, lengths(whitened))
    assert directions.shape == (len(STAIN), SIZE)  # a quarter of four positions is one
    assert (directions[:, 0] > 0.9).all()
    assert np.linalg.norm(directions, axis=1) == pytest.approx(1)


def test_accepted_parts_pass_and_known_defects_do_not() -> None:
    choice = chosen(shown(*STAIN), shown(*CRACK))
    assert choice.passing.all()
    assert choice.left_out_passing == 1.0
    assert not passes(tolerated(parts(*CRACK), choice.tolerance)).any()


def test_the_most_careful_levels_that_suffice_are_taken() -> None:
    choice = chosen(shown(*STAIN), shown(*CRACK))
    assert choice.tolerance.alike == LEVELS[0]
    share = np.mean([passes(tolerated(parts(*STAIN), replace(choice.tolerance, beyond=more))) for more in LADDER], 1)
    assert (share[: LADDER.index(choice.tolerance.beyond)] < 0.9).all()


def test_without_known_defects_only_likeness_counts() -> None:
    choice = chosen(shown(*STAIN), shown())
    assert (choice.tolerance.beyond, choice.tolerance.planes.weights.tolist()) == (0.0, [[0.0] * SIZE])
    assert choice.passing.all()


def test_a_known_defect_that_limits_what_is_tolerated_is_named() -> None:
    """One crack runs through a stain: what tolerates all stains loses it, whether the planes know it or not."""
    stained = [6.0, 2.0, 0, 0]
    cracks = [[0.1 * index, 9.0, 0, 0] for index in range(12)]
    choice = chosen(shown(*STAIN), shown(stained, *cracks))
    assert choice.limited_by == ["0.png"]
    assert not passes(tolerated(parts(stained, *cracks), choice.tolerance)).any()


def test_accepting_what_looks_like_a_known_defect_is_refused_by_name() -> None:
    """A person who calls defects good loses none of those that somebody labelled."""
    with pytest.raises(GateRefused, match=r"2 parts look like known defects, which would pass: 0\.png, 1\.png"):
        chosen(shown(*CRACK), shown(*CRACK))


def test_a_defect_that_the_champion_misses_refuses_nothing() -> None:
    missed = [2.0, 0, 0, 0]
    assert chosen(shown(*STAIN), shown(missed)).passing.all()


def test_parts_that_would_not_pass_anyway_are_refused() -> None:
    """Everything about the part is unusual: its most unusual patches do not explain it."""
    whitened = np.random.default_rng(3).normal(0, 9, (1, POSITIONS, SIZE)).astype(np.float32)
    part = Shown(["odd.png"], whitened, lengths(whitened), passes(whitened))
    with pytest.raises(GateRefused, match=r"none of the 1 parts would pass; they are unlike each other"):
        chosen(part, shown())


def detector(rotation: str = "fused.heads.whitening.rotation", leading: int = SIZE) -> ModelProto:
    """Features in, whitening, and the length of the longest patch as the score, as the exporter names them.

    The leading components come last; they are cut out where labels see the others, too.
    """
    told = "leading" if leading < SIZE else "white"
    cut = helper.make_node("Slice", ["white", "start", "end", "last"], ["leading"], name="cut")
    nodes = [
        helper.make_node("MatMul", ["pixels", rotation], ["white"], name="n0"),
        *([cut] if leading < SIZE else []),
        helper.make_node("ReduceL2", [told, "last"], ["map"], name="n1", keepdims=0),
        helper.make_node("ReduceMax", ["map", "last"], ["score"], name="n2", keepdims=0),
    ]
    constants = {rotation: np.eye(SIZE, dtype=np.float32), "last": np.array([-1], np.int64)}
    if leading < SIZE:
        constants |= {"start": np.array([SIZE - leading], np.int64), "end": np.array([SIZE], np.int64)}
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", POSITIONS, SIZE])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["N"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: bytes, outputs: list[str], **inputs: Floats) -> list[Floats]:
    answers: list[Floats] = onnxruntime.InferenceSession(model).run(outputs, inputs)
    return answers


PLANES = Planes(np.array([[1.0, -1.0, 0.5, 0.2], [0.1, 0.3, -0.5, 1.0]], np.float32), np.array([0.3, -0.2], np.float32))
TOLERANCE = Tolerance(directions_of(parts(*STAIN), lengths(parts(*STAIN))), 0.6, PLANES, 0.5)


def test_the_graph_computes_the_same_tolerance() -> None:
    mixed = parts(*STAIN, *CRACK, [4.0, 3.5, 0, 0])
    model = with_tolerance(detector(), TOLERANCE)
    onnx.checker.check_model(model, full_check=True)
    (got,) = run(model.SerializeToString(), ["score"], pixels=mixed)
    assert got == pytest.approx(lengths(tolerated(mixed, TOLERANCE)).max(axis=1), abs=1e-4)


def test_likeness_is_told_by_the_components_that_tell_novelty() -> None:
    """Labels see more of them; what lies there alone makes no patch unlike what was accepted."""
    two = replace(shown(*([0, 0, *stain[:2]] for stain in STAIN)), leading=2)
    tolerance = Tolerance(directions_of(two.pointing, two.unusual), 0.8, no_planes(2), 0.0)
    strange = parts([0, 0, 9.0, 0.5], [9.0, 9.0, 9.0, 0.5], [9.0, 0.5, 0, 9.0])
    assert lengths(tolerated(strange, tolerance))[:, 2] == pytest.approx([0.0, 0.0, 12.7], abs=0.05)
    assert (leading_of(detector()), leading_of(detector(leading=2))) == (None, 2)
    model = with_tolerance(detector(leading=2), tolerance)
    onnx.checker.check_model(model, full_check=True)
    (got,) = run(model.SerializeToString(), ["score"], pixels=strange)
    assert got == pytest.approx(lengths(tolerated(strange, tolerance)[..., -2:]).max(axis=1), abs=1e-4)


def test_a_later_tolerance_takes_the_place_of_an_earlier_one() -> None:
    plain = without_tolerance(with_tolerance(detector(), TOLERANCE))
    assert plain == detector()
    assert without_tolerance(detector()) == detector()


def test_the_heads_alone_say_what_the_graph_says() -> None:
    mixed = parts(*STAIN, *CRACK)
    whitened, score = run(with_outputs(detector(), "white"), ["white", "score"], pixels=mixed)
    (again,) = run(heads_of(detector()), ["score"], white=whitened)
    assert again == pytest.approx(score)


def test_a_model_of_another_tool_is_refused() -> None:
    with pytest.raises(DataInvalid, match="a model of another tool learns nothing"):
        whitened_of(detector("theirs"))
