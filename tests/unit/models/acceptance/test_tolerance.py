"""What is tolerated, how the level is chosen, and that the graph computes the same."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edge.contract.errors import DataInvalid, GateRefused
from models.acceptance.choice import LEVELS, Choice, Shown, _allowed, choose
from models.acceptance.graph import heads_of, whitened_of, with_outputs, with_tolerance, without_tolerance
from models.acceptance.tolerance import Floats, Tolerance, directions_of, tolerated

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
    tolerance = Tolerance(np.array([[1, 0, 0, 0]], np.float32), alike=0.8)
    left = tolerated(parts([50.0, 1, 0, 0], [0, 50.0, 0, 0], [-50.0, 0, 0, 0]), tolerance)
    assert lengths(left)[:, 2].round(1).tolist() == [0.0, 50.0, 50.0]


def test_scores_never_rise() -> None:
    whitened = np.random.default_rng(1).normal(0, 3, (20, POSITIONS, SIZE)).astype(np.float32)
    tolerance = Tolerance(directions_of(whitened[:5], lengths(whitened[:5])), alike=0.5)
    assert (lengths(tolerated(whitened, tolerance)) <= lengths(whitened)).all()


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


@pytest.mark.parametrize(("loses_from", "allowed"), [(0.8, 0), (0.7, 1), (0.65, 1), (0.6, 2), (0.4, 6), (0.0, 7)])
def test_a_level_next_to_one_that_loses_a_known_defect_is_not_taken(loses_from: float, allowed: int) -> None:
    """Defects that nobody has labelled yet need room, too; the most careful level stands alone."""
    lost = {level: ["crack.png"] if level <= loses_from else [] for level in (*LEVELS, 0.4)}
    assert _allowed(lost) == list(LEVELS[:allowed])


def test_the_most_careful_level_that_suffices_is_taken() -> None:
    assert chosen(shown(*STAIN), shown(*CRACK)).tolerance.alike == LEVELS[0]


def test_a_level_that_loses_a_known_defect_is_refused_by_name() -> None:
    choice = chosen(shown(*STAIN), shown([6.0, 6.0, 0, 0], *CRACK))  # cosine of 0.71 with a stain
    assert choice.tolerance.alike == LEVELS[0]
    assert {level: names for level, names in choice.refused.items() if level > 0.65} == {0.7: ["0.png"]}


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


def detector(rotation: str = "fused.heads.whitening.rotation") -> ModelProto:
    """Features in, whitening, and the length of the longest patch as the score, as the exporter names them."""
    nodes = [
        helper.make_node("MatMul", ["pixels", rotation], ["white"], name="n0"),
        helper.make_node("ReduceL2", ["white", "last"], ["map"], name="n1", keepdims=0),
        helper.make_node("ReduceMax", ["map", "last"], ["score"], name="n2", keepdims=0),
    ]
    constants = {rotation: np.eye(SIZE, dtype=np.float32), "last": np.array([-1], np.int64)}
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


TOLERANCE = Tolerance(directions_of(parts(*STAIN), lengths(parts(*STAIN))), alike=0.6)


def test_the_graph_computes_the_same_tolerance() -> None:
    mixed = parts(*STAIN, *CRACK, [4.0, 3.5, 0, 0])
    model = with_tolerance(detector(), TOLERANCE)
    onnx.checker.check_model(model, full_check=True)
    (got,) = run(model.SerializeToString(), ["score"], pixels=mixed)
    assert got == pytest.approx(lengths(tolerated(mixed, TOLERANCE)).max(axis=1), abs=1e-4)


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
