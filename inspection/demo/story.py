"""The demo, step by step: the same for a person who watches and for a machine that measures."""

import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from edge.contract.errors import GateRefused, InspectionError
from edge.contract.ledger import LedgerCounts
from edge.contract.result import InspectionResult, Verdict
from inspection.api.model_schemas import ModelVersion, NewTrainJob, Promote
from inspection.api.review_schemas import NewLabel
from inspection.api.schemas import NewRecipe
from inspection.demo.cells import Cell, CellSplit
from inspection.demo.figures import cell_name, latency, ledger, quality_of
from inspection.demo.plant_floor import PlantFloor, StationPlan
from inspection.jobs.book import JobState
from inspection.samples.statements import Label

__all__ = ["DemoOptions", "Trained", "measure", "show", "train_first_model"]

_AUDITED = 4  # one in so many passed parts is looked at too, or escapes would never be found
_PERCENT = 100


@dataclass(frozen=True)
class DemoOptions:
    """What was asked for.

    Attributes:
        parts: cells that come down the line.
        folder: for everything that the demo makes.
    """

    parts: int
    rate_hz: float
    seed: int
    port: int
    folder: Path
    learn: bool


@dataclass(frozen=True)
class Trained:
    """A model that was promoted, and how long its training took."""

    model: ModelVersion
    train_s: float


def show(options: DemoOptions, split: CellSplit) -> None:
    """Train, serve and replay cells until Ctrl-C."""
    password = secrets.token_urlsafe(9)
    started = time.monotonic()
    with PlantFloor(options.folder, options.port, password) as floor:
        train_first_model(floor, split.goods)
        floor.start_station(StationPlan(split.line, options.rate_hz, limit=None))
        floor.wait_for(lambda: floor.ledger().verdicts > 0)
        _say(f"first verdict after {time.monotonic() - started:.0f} s")
        _say(f"\n  Open  {floor.url}\n  Login admin\n  Password {password}\n\nCtrl-C stops.")
        try:
            while True:
                floor.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            _say("\nstopping …")


def measure(options: DemoOptions, split: CellSplit) -> dict[str, Any]:
    """Run `options.parts` cells down the line, learn from them if asked to, and report."""
    truth = {cell.name: cell.cracked for cell in split.line}
    started = time.monotonic()
    with PlantFloor(options.folder, options.port, secrets.token_urlsafe(9)) as floor:
        trained = train_first_model(floor, split.goods)
        limit = None if options.learn else options.parts
        floor.start_station(StationPlan(split.line, options.rate_hz, limit))
        floor.wait_for(lambda: floor.ledger().verdicts > 0)
        first_verdict_s = time.monotonic() - started
        _follow(floor, options.parts, "judging cells")
        learnt = _learn(floor, split.line, options.parts, truth) if options.learn else {}
        final = floor.stop_station()
        results = floor.results()
    first_pass = [result for result in results if result.sequence <= options.parts]
    report = {**_figures(results, final), **_quality(first_pass, truth)}
    report |= {"train_s": trained.train_s, "first_verdict_s": round(first_verdict_s, 1), "bundle": trained.model.id}
    return {"parts": options.parts, **report, **_before_and_after(results, learnt, truth)}


def train_first_model(floor: PlantFloor, goods: Sequence[Cell]) -> Trained:
    """Give the plant the good cells, train on them and promote what comes of it."""
    floor.start_plant()
    floor.client.post_recipe(NewRecipe(name=floor.recipe))
    for cell in _bar(goods, "giving good cells to the plant", "cell"):
        floor.client.post_sample(floor.recipe, cell.path.read_bytes(), label=Label.GOOD)
    return _train_and_promote(floor, "first model of the recipe")


def _train_and_promote(floor: PlantFloor, reason: str) -> Trained:
    started = time.monotonic()
    with tqdm(total=_PERCENT, desc="training", unit="%", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        model = _train(floor, lambda share, step: _advance(bar, share, step))
    train_s = round(time.monotonic() - started, 1)
    if model.gate is None or not model.gate.passed:
        raise GateRefused(f"the gate refused the new model: {'; '.join(_reasons(model))}")
    floor.client.post_promote(floor.recipe, Promote(bundle_id=model.id, reason=reason))
    _say(f"model {model.id[:12]} trained in {train_s:.0f} s and promoted. {model.promise}")
    return Trained(model, train_s)


def _train(floor: PlantFloor, tell: Callable[[float, str], None]) -> ModelVersion:
    for job in floor.client.follow(floor.client.post_job(NewTrainJob(kind="train", recipe=floor.recipe)).id):
        floor.check()
        tell(job.progress, job.step)
        if job.state in (JobState.FAILED, JobState.CANCELLED):
            log = "\n".join(job.log[-10:])
            raise InspectionError(f"training {job.state}: {job.error}\n{log}")
    return floor.client.get_models(floor.recipe).models[0]


def _reasons(model: ModelVersion) -> list[str]:
    return [] if model.gate is None else list(model.gate.evaluation["reasons"])


def _learn(floor: PlantFloor, line: Sequence[Cell], parts: int, truth: dict[str, bool]) -> dict[str, Any]:
    """Play the reviewer on every other cell, retrain, and let the station swap while it runs."""
    floor.wait_for(lambda: len(floor.results()) >= parts)
    labelled_cells = {cell.name for cell in line[::2]}
    seen = [result for result in floor.results() if result.sequence <= parts]
    labels = _review([result for result in seen if cell_name(result) in labelled_cells], floor, truth)
    trained = _train_and_promote(floor, f"learnt from {sum(labels.values())} labels")
    floor.wait_for(lambda: floor.running_bundle() == trained.model.id)
    # One whole round by the new bundle, and the part that was on its way during the swap.
    _follow(floor, floor.ledger().triggers + parts + 1, "judging cells again")
    return {"trained": trained, "labels": labels, "unlabelled": {cell.name for cell in line[1::2]}}


def _review(results: Sequence[InspectionResult], floor: PlantFloor, truth: dict[str, bool]) -> dict[str, int]:
    """Label what was flagged, and some of what passed, by the data set's labels."""
    passed = [result for result in results if result.verdict is Verdict.PASS]
    flagged = [result for result in results if result.verdict is not Verdict.PASS]
    counts = {"good": 0, "defect": 0}
    for result in _bar([*flagged, *passed[::_AUDITED]], "reviewing", "part"):
        cracked = truth[cell_name(result)]
        label = Label.DEFECT if cracked else Label.GOOD
        floor.client.post_label(NewLabel(result_id=result.id, label=label, defect_type="crack" if cracked else None))
        counts[label.value] += 1
    return counts


def _before_and_after(
    results: Sequence[InspectionResult], learnt: dict[str, Any], truth: dict[str, bool]
) -> dict[str, Any]:
    """The same cells by both bundles, each cell's first judgement; none of them was labelled."""
    if not learnt:
        return {}
    trained, cells = learnt["trained"], learnt["unlabelled"]
    first, second = ({}, {})  # type: tuple[dict[str, InspectionResult], dict[str, InspectionResult]]
    for result in results:
        if cell_name(result) in cells and result.score is not None:
            (second if result.bundle_id == trained.model.id else first).setdefault(cell_name(result), result)
    return {
        "before": quality_of(list(first.values()), truth).to_json(),
        "after": quality_of(list(second.values()), truth).to_json(),
        "labels": learnt["labels"],
        "retrain_s": trained.train_s,
        "bundle_after": trained.model.id,
        "gate": _reasons(trained.model),
    }


def _figures(results: Sequence[InspectionResult], final: LedgerCounts) -> dict[str, Any]:
    """The station's own ledger beside what the plant has; both count alone."""
    return {
        "triggers": final.triggers,
        "verdicts": final.verdicts,
        "timeouts": final.timeouts,
        "drops": final.drops,
        "pass": final.passed,
        "fail": final.failed,
        "undecided": final.undecided,
        "plant_received": len(results),
        "plant_ledger": ledger(results),
        "frame_to_verdict_ms": latency([result.latency_ms for result in results]),
        "session_run_ms": latency([result.session_run_ms for result in results]),
    }


def _quality(results: Sequence[InspectionResult], truth: dict[str, bool]) -> dict[str, Any]:
    quality = quality_of(results, truth)
    return {
        "escapes": quality.escapes,
        "overkill": quality.overkill,
        "image_auroc": quality.image_auroc,
        "good_cells": quality.good,
        "cracked_cells": quality.cracked,
    }


def _follow(floor: PlantFloor, triggers: int, text: str) -> None:
    """Wait until the station has settled so many triggers, with a bar."""
    start = floor.ledger().triggers
    bar = tqdm(total=max(triggers - start, 0), desc=text, unit="part", file=sys.stderr, disable=not sys.stderr.isatty())

    def settled() -> bool:
        counts = floor.ledger()
        done = counts.triggers - counts.in_flight
        bar.update(min(done, triggers) - start - bar.n)
        return done >= triggers

    with bar:
        floor.wait_for(settled)


def _bar(items: Sequence[Any], text: str, unit: str) -> "tqdm[Any]":
    return tqdm(items, desc=text, unit=unit, file=sys.stderr, disable=not sys.stderr.isatty())


def _advance(bar: "tqdm[Any]", share: float, step: str) -> None:
    bar.set_description(step or "training", refresh=False)
    bar.update(round(share * _PERCENT) - bar.n)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
