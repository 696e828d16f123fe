"""Two bundles on the same replayed parts, as a table and a histogram."""

from edge.contract.result import Verdict
from models.evaluation.pairs import Decision, Pair
from models.evaluation.side_by_side import side_by_side


def _pair(before: float | None, after: float | None) -> Pair:
    def said(score: float | None) -> Decision:
        if score is None:
            return Decision(Verdict.UNDECIDED, None)
        return Decision(Verdict.FAIL if score > 1 else Verdict.PASS, score)

    return Pair("replay", "a.png", None, None, learnt=False, champion=said(before), challenger=said(after))


def test_agreement_and_scores_count_every_part() -> None:
    told = side_by_side([_pair(0.2, 0.3), _pair(0.4, 1.5), _pair(2.0, 3.0), _pair(None, 0.1)], 1.0, 1.2)
    assert told["parts"] == 4
    assert told["agreement"]["PASS"] == {"PASS": 1, "FAIL": 1, "UNDECIDED": 0}
    assert told["agreement"]["UNDECIDED"]["PASS"] == 1
    assert sum(map(sum, (row.values() for row in told["agreement"].values()))) == 4
    scores = told["scores"]
    assert (sum(scores["champion"]), sum(scores["challenger"])) == (3, 4)
    assert (scores["edges"][0], scores["edges"][-1], len(scores["edges"])) == (0.1, 3.0, 25)
    assert scores["thresholds"] == {"champion": 1.0, "challenger": 1.2}


def test_parts_that_nobody_could_judge_have_no_scores() -> None:
    told = side_by_side([_pair(None, None)], 1.0, 1.0)
    assert (told["parts"], told["scores"], told["agreement"]["UNDECIDED"]["UNDECIDED"]) == (1, None, 1)
