"""Facts of a challenger beside the champion: it decides nothing, and waits for nobody's time."""

from pathlib import Path

import numpy as np
import pytest

from edge.contract.errors import BundleMismatch
from edge.contract.result import InspectionResult, Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import InferenceSettings, Judgement
from edge.spool.store import Record
from edge.station import shadow
from edge.station.keeper import Keeper
from edge.station.line import Settled
from edge.station.settings import ImageSettings
from edge.station.shadow import Shadow
from tests.support.edge_fakes import frame, grey, result
from tests.support.tiny_bundle import write_tiny_bundle


class Bench:
    """A shadow with a bundle of threshold 0.5, and a keeper that asks it."""

    def __init__(self, folder: Path) -> None:
        key = SigningKey.load_or_create(folder / "key.pem")
        self.path = folder / "challenger.bundle"
        self.id = write_tiny_bundle(self.path, key, "part", threshold=0.5)
        self.busy = False
        trusted = TrustedKeys((key.public_text,))
        self.shadow = Shadow(trusted, InferenceSettings(), "part", lambda: self.busy)
        self.records: list[Record] = []
        self.keeper = Keeper(ImageSettings(), self.records.append, shadow=self.shadow)

    def through(self, *parts: Settled) -> list[InspectionResult]:
        """Each part alone, as with time to spare; the results as stored."""
        for part in parts:
            self.keeper.put(part)
            self.keeper.stop()
        return [record.result for record in self.records]


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def passed(sequence: int = 1, level: int = 176, bundle_id: str = "b" * 64, recipe: str = "part") -> Settled:
    """A grey level of 176 scores 0.75: PASS by the champion's threshold 1, FAIL by the challenger's."""
    judgement = Judgement(Verdict.PASS, 0.75, 1.0, None, np.zeros((64, 64), np.float32), 0, 1)
    told = result(sequence, Verdict.PASS).model_copy(update={"bundle_id": bundle_id, "recipe": recipe})
    return Settled(told, frame(pixels=grey(level, (64, 64))), judgement)


def test_the_record_tells_what_the_challenger_would_have_said(bench: Bench) -> None:
    bench.shadow.accept(bench.path, bench.id)
    first, second = bench.through(passed(1), passed(2, level=128))
    assert first.shadow is not None
    assert second.shadow is not None
    assert (first.verdict, first.shadow.verdict, first.shadow.bundle_id) == (Verdict.PASS, Verdict.FAIL, bench.id)
    assert first.shadow.score == pytest.approx(0.75)
    assert second.shadow.verdict is Verdict.PASS
    assert [bool(stored.images) for stored in (first, second)] == [False, False]
    state = bench.shadow.state()
    assert state is not None
    assert (state.bundle_id, state.judged, state.skipped) == (bench.id, 2, 0)


def test_nobody_waits_for_it(bench: Bench) -> None:
    """While a frame waits for its verdict, or another part to be stored, the challenger is not asked."""
    bench.shadow.accept(bench.path, bench.id)
    bench.busy = True
    (busy,) = bench.through(passed(1))
    assert busy.shadow is None
    bench.busy = False
    for part in (passed(2), passed(3), passed(4)):
        bench.keeper.put(part)
    bench.keeper.stop()
    assert [record.result.shadow is not None for record in bench.records[1:]] == [False, False, False]
    state = bench.shadow.state()
    assert state is not None
    assert state.skipped >= 1


def test_it_is_asked_of_its_own_recipe_and_not_of_what_it_judged_itself(bench: Bench) -> None:
    bench.shadow.accept(bench.path, bench.id)
    other, own = bench.through(passed(1, recipe="can"), passed(2, bundle_id=bench.id))
    assert (other.shadow, own.shadow) == (None, None)


class OutOfMemory:
    """A challenger that fails as the runtime does: with an exception of its own."""

    def __init__(self, bundle_id: str) -> None:
        self.bundle_id = bundle_id

    def judge(self, pixels: object) -> Judgement:
        """Never comes to an end."""
        raise RuntimeError(f"failed to allocate memory for requested buffer: {type(pixels)}")


def test_a_challenger_that_breaks_costs_no_result(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "load_detector", lambda *_: OutOfMemory(bench.id))
    bench.shadow.accept(bench.path, bench.id)
    (stored,) = bench.through(passed())
    assert stored.shadow is not None
    assert (stored.verdict, stored.shadow.verdict) == (Verdict.PASS, Verdict.UNDECIDED)
    assert "failed to allocate memory" in str(stored.shadow.reason)


def test_without_a_challenger_nothing_is_said(bench: Bench) -> None:
    assert bench.shadow.state() is None
    (stored,) = bench.through(passed())
    assert stored.shadow is None
    bench.shadow.accept(bench.path, bench.id)
    bench.shadow.drop()
    assert (bench.shadow.running_id, bench.shadow.state()) == (None, None)


def test_another_bundle_than_the_wanted_one_is_refused_and_told(bench: Bench) -> None:
    with pytest.raises(BundleMismatch, match="expected bundle"):
        bench.shadow.accept(bench.path, "e" * 64)
    bench.shadow.refuse("unsigned")
    state = bench.shadow.state()
    assert state is not None
    assert (state.bundle_id, state.refused) == (None, "unsigned")
