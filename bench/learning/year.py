"""A year of a simulated line, with the learning loop and without; JSON lines, and a plot by `--plot FILE`.

    PYTHONPATH=. .venv/bin/python bench/learning/year.py --folder /tmp/year --plot docs/images/year.svg

The lamp ages by a fifth over the year, a new batch of material comes in week 20, dents first come in week 14 and
missing holes in week 32. Each week 2 % of the parts get a label, in the order of the review queue's turns (two near the
threshold, one of those that failed by most, one drawn by chance), and 5 % of the labels are wrong. Each four weeks the
loop trains from everything labelled; what the gate passes on the frozen, growing hold-out and on the newest 1,000 parts
of the line becomes the champion. Training and gate are the product's own commands; truth is known only to the renderer
and to the counts. Both models of each promotion judge 2,000 fresh parts: the new one is worse if escape and overkill
rate added are larger, and beyond chance if so with 95 % confidence, part by part.
"""

import argparse
import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle import load_detector
from edge.cameras.settings import SimulatedCameraSettings
from edge.cameras.simulated import render_part
from edge.contract.result import Verdict
from edge.contract.signature import SigningKey, TrustedKeys
from edge.inference import Detector, InferenceSettings

WEEKS, SIZE_PX, FIRST_GOODS = 52, 128, 80
MATERIAL_WEEK, RETRAIN_WEEKS = 20, 4
FIRST_WEEK_OF = {"scratch": 0, "stain": 0, "dent": 14, "missing_hole": 32}
LABELLED, WRONG, FRESH, REPLAYED = 0.02, 0.05, 2000, 1000
ONE_SIDED_95 = 1.645
SECONDS_A_PART = 5.0  # that a reviewer takes for a flagged part
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Part:
    """One part of the line and what only the renderer knows: its defect, None for a good one."""

    name: str
    pixels: Pixels
    defect: str | None


@dataclass
class Tally:
    """What a week showed."""

    good: int = 0
    bad: int = 0
    escapes: int = 0
    overkill: int = 0
    flagged: int = 0

    def add(self, part: Part, *, flagged: bool) -> None:
        """Count one."""
        self.flagged += flagged
        self.good += part.defect is None
        self.bad += part.defect is not None
        self.escapes += part.defect is not None and not flagged
        self.overkill += part.defect is None and flagged


def parts_of_week(week: int, wanted: int, seed: int) -> Iterator[Part]:
    """Rendered parts under the light and of the material of that week, one in ten of them bad."""
    settings = SimulatedCameraSettings(
        kind="simulated", size_px=SIZE_PX, seed=seed * 1000 + week, jitter_px=1.5, jitter_deg=2
    )
    random = np.random.default_rng([seed, week])
    light = 1 - 0.2 * week / WEEKS
    given = 0
    for index in count():
        part = render_part(settings, index)
        if part.defect is not None and FIRST_WEEK_OF[part.defect] > week:
            continue
        pixels = part.pixels * light
        if week >= MATERIAL_WEEK:  # brushed across, and a little darker
            pixels = 0.95 * pixels + 5 * np.sin(np.arange(SIZE_PX) * 1.9)[:, None, None]
        noisy = np.clip(pixels + random.normal(0, 0.5, pixels.shape), 0, 255).astype(np.uint8)
        yield Part(f"{week:02}-{index:05}", noisy, part.defect)
        given += 1
        if given == wanted:
            return


@dataclass
class Loop:
    """The folders that labels fill, and the champion."""

    folder: Path
    key: SigningKey
    seed: int
    champion: Path = field(init=False)
    line: deque[str] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    labels: dict[str, str] = field(default_factory=dict)
    held_out: set[str] = field(default_factory=set)
    trained: int = 0
    promoted: int = 0
    promoted_worse: int = 0
    worse_beyond_chance: int = 0

    def start(self, parts: Sequence[Part]) -> None:
        """The first model, of good parts alone; a few of them and no defect are held out."""
        for number, part in enumerate(parts):
            self._write(part, None, held_out=number % 4 == 0)
        self.champion = self._train("0")

    def detector(self, bundle: Path) -> Detector:
        """As the line opens it."""
        return load_detector(bundle, TrustedKeys((self.key.public_text,)), InferenceSettings(threads=1))

    def judged(self, parts: Sequence[Part]) -> None:
        """Keep the newest parts of the line."""
        (self.folder / "replay").mkdir(exist_ok=True)
        for part in parts:
            self.line.append(f"{part.name}.png")
            _save(part, self.folder / "replay")

    def label(self, part: Part, defect: str | None) -> None:
        """Keep what a person said, right or wrong; a quarter is held out, whatever it is."""
        held_out = int(part.name[-2:]) % 4 == 0
        self._write(part, defect, held_out=held_out)
        self.labels[f"{part.name}.png"] = defect or "good"
        self.held_out |= {f"{part.name}.png"} if held_out else set()

    def retrain(self, week: int, fresh: Sequence[Part]) -> None:
        """Train a challenger and let the gate decide; fresh parts tell whether that was right."""
        challenger = self._train(str(week))
        self.trained += 1
        passed = self._gate(challenger)
        if passed:
            before, after = (flags(self.detector(bundle), fresh) for bundle in (self.champion, challenger))
            rises, margin = rise(fresh, before, after)
            self.promoted += 1
            self.promoted_worse += rises > 0
            self.worse_beyond_chance += rises > margin
            self.champion = challenger
            told: dict[str, object] = {"champion": vars(tally(fresh, before)), "challenger": vars(tally(fresh, after))}
            print(
                json.dumps({"week": week, **told, "rises": round(rises, 4), "by_chance": round(margin, 4)}), flush=True
            )

    def _write(self, part: Part, defect: str | None, *, held_out: bool) -> None:
        if held_out:
            folder = self.folder / "part" / "test" / (defect or "good")
        elif defect is None:
            folder = self.folder / "part" / "train" / "good"
        else:
            folder = self.folder / "defects" / defect
        folder.mkdir(parents=True, exist_ok=True)
        _save(part, folder)

    def _train(self, name: str) -> Path:
        out = self.folder / f"{name}.bundle"
        options = ["--size-px", str(SIZE_PX), "--features", str(self.folder / "features"), "--seed", str(self.seed)]
        if (self.folder / "defects").exists():
            options += ["--defects", str(self.folder / "defects")]
        key = str(self.folder / "key.pem")
        done = _models("train", str(self.folder / "part"), "--out", str(out), "--key", key, *options)
        if done.returncode:
            raise SystemExit(done.stderr)
        return out

    def _gate(self, challenger: Path) -> bool:
        options = ["--champion", str(self.champion), "--trust", self.key.public_text, "--replay", str(self._replay())]
        done = _models("gate", str(challenger), str(self.folder / "part"), *options)
        if done.returncode > 1:
            raise SystemExit(done.stderr)
        return done.returncode == 0

    def _replay(self) -> Path:
        """The newest parts, as the plant lays them out: without those that are held out."""
        named = [name for name in self.line if name not in self.held_out]
        told = [{"file": name, "label": self.labels.get(name), "learnt": name in self.labels} for name in named]
        index = self.folder / "replay" / "parts.jsonl"
        index.write_text("".join(json.dumps(one) + "\n" for one in told), "utf-8")
        return index.parent


def _save(part: Part, folder: Path) -> None:
    cv2.imwrite(str(folder / f"{part.name}.png"), cv2.cvtColor(part.pixels, cv2.COLOR_RGB2BGR))


def _models(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "models", *arguments, "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def flags(detector: Detector, parts: Sequence[Part]) -> list[bool]:
    """Which of them do not pass."""
    return [detector.judge(part.pixels).verdict is not Verdict.PASS for part in parts]


def tally(parts: Sequence[Part], flagged: Sequence[bool]) -> Tally:
    """Count all of them."""
    told = Tally()
    for part, is_flagged in zip(parts, flagged, strict=True):
        told.add(part, flagged=is_flagged)
    return told


def rise(parts: Sequence[Part], before: Sequence[bool], after: Sequence[bool]) -> tuple[float, float]:
    """By how much escape and overkill rate, added, rise; and what 95 % of rises by chance stay below."""
    bad = np.array([part.defect is not None for part in parts])
    wrong = (np.array(after) != bad).astype(float) - (np.array(before) != bad)
    kinds = [wrong[bad], wrong[~bad]]
    chance = sum(kind.var() / len(kind) for kind in kinds) ** 0.5
    return float(sum(kind.mean() for kind in kinds)), float(ONE_SIDED_95 * chance)


def chosen(parts: Sequence[Part], margins: Sequence[float], wanted: int, random: np.random.Generator) -> list[Part]:
    """Which parts a person is shown: in turn two near the threshold, one that fails by most, one drawn by chance."""
    near = np.argsort(np.abs(margins), kind="stable").tolist()
    worst = np.argsort(-np.asarray(margins), kind="stable").tolist()
    lanes = [iter(near), iter(near), iter(worst), iter(random.permutation(len(parts)).tolist())]
    taken: dict[int, None] = {}
    while len(taken) < wanted:
        for lane in lanes:
            taken.setdefault(next(index for index in lane if index not in taken), None)
    return [parts[index] for index in list(taken)[:wanted]]


def said(part: Part, random: np.random.Generator) -> str | None:
    """What the reviewer says; now and then the opposite of the truth."""
    if random.random() >= WRONG:
        return part.defect
    return None if part.defect else "scratch"


def main() -> None:
    """Run the year."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder for images and bundles")
    parser.add_argument("--parts", type=int, default=200, help="parts a week")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path, help="SVG to write")
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    loop = Loop(options.folder, SigningKey.load_or_create(options.folder / "key.pem"), options.seed)
    loop.start(list(parts_with(None, options)))
    lines = list(_year(loop, options))
    for line in lines:
        print(json.dumps(line), flush=True)
    counted = ("trained", "promoted", "promoted_worse", "worse_beyond_chance")
    summary: dict[str, object] = {name: getattr(loop, name) for name in counted}
    print(json.dumps(summary | {name: _total(lines, name) for name in ("with", "without")}))
    if options.plot:
        options.plot.write_text(_svg(lines), "utf-8")


def parts_with(defect: str | None, options: argparse.Namespace) -> Iterator[Part]:
    """The parts that the line begins with: of week 0, and of this kind alone."""
    parts = parts_of_week(0, 3 * FIRST_GOODS, options.seed + 500)
    return (part for part, _ in zip((p for p in parts if p.defect == defect), range(FIRST_GOODS), strict=False))


def _year(loop: Loop, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    random = np.random.default_rng(options.seed)
    first = loop.detector(loop.champion)
    for week in range(WEEKS):
        parts = list(parts_of_week(week, options.parts, options.seed))
        champion = loop.detector(loop.champion)
        judged = [champion.judge(part.pixels) for part in parts]
        told = tally(parts, [judgement.verdict is not Verdict.PASS for judgement in judged])
        loop.judged(parts)
        yield {"week": week, "with": vars(told), "without": vars(tally(parts, flags(first, parts)))}
        margins = [judgement.score - judgement.threshold for judgement in judged]
        for part in chosen(parts, margins, round(LABELLED * options.parts), random):
            loop.label(part, said(part, random))
        if week % RETRAIN_WEEKS == RETRAIN_WEEKS - 1:
            loop.retrain(week, list(parts_of_week(week, FRESH, options.seed + 900)))


def _total(lines: Sequence[dict[str, object]], name: str) -> dict[str, float]:
    tallies = [Tally(**line[name]) for line in lines]  # type: ignore[arg-type]
    bad, good = sum(t.bad for t in tallies), sum(t.good for t in tallies)
    return {
        "escape_rate": round(sum(t.escapes for t in tallies) / bad, 4),
        "overkill_rate": round(sum(t.overkill for t in tallies) / good, 4),
        "reviewing_hours": round(sum(t.flagged for t in tallies) * SECONDS_A_PART / 3600, 1),
    }


def _svg(lines: Sequence[dict[str, object]]) -> str:
    """Three small charts below each other, weeks to the right."""
    charts = [
        ("Escapes, share of bad parts", lambda t: t.escapes / max(t.bad, 1)),
        ("Overkill, share of good parts", lambda t: t.overkill / max(t.good, 1)),
        ("Flagged, share of all parts", lambda t: t.flagged / max(t.good + t.bad, 1)),
    ]
    drawn = []
    for row, (title, value) in enumerate(charts):
        top = 30 + 150 * row
        drawn.append(f'<text x="50" y="{top - 8}">{title}</text>')
        drawn.append(f'<path d="M50 {top}V{top + 100}H650" fill="none" stroke="#888"/>')
        drawn += [
            f'<text x="44" y="{top + 104 - 100 * mark}" text-anchor="end">{mark:g}</text>' for mark in (0, 0.5, 1)
        ]
        drawn += [f'<text x="{50 + 600 * w / WEEKS:.0f}" y="{top + 116}">{w}</text>' for w in range(0, WEEKS, 13)]
        for name, style in (("without", 'stroke="#b35806" stroke-dasharray="5 3"'), ("with", 'stroke="#2166ac"')):
            values = [value(Tally(**line[name])) for line in lines]  # type: ignore[arg-type]
            points = " ".join(f"{50 + 600 * i / WEEKS:.1f},{top + 100 - 100 * v:.1f}" for i, v in enumerate(values))
            drawn.append(f'<polyline points="{points}" fill="none" stroke-width="2" {style}/>')
    legend = '<text x="650" y="16" text-anchor="end">solid: with the loop, dashed: without; weeks to the right</text>'
    style = 'font-family="sans-serif" font-size="12"'
    box = 'viewBox="0 0 680 480" width="680" height="480"'
    body = "\n".join([f'<rect width="680" height="480" fill="white"/>{legend}', *drawn])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {style}>\n{body}\n</svg>\n'


if __name__ == "__main__":
    main()
