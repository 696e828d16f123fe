"""Make the pictures of the README: a real plant, station and model on rendered parts, shown by a real browser.

    .venv/bin/python bench/screenshots.py docs/images

The parts are rendered here (turned steel discs, some scratched or dented), so that the pictures are free of anybody
else's rights.
"""

import secrets
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from inspection.demo.cells import Cell, CellSplit
from inspection.demo.plant_floor import PlantFloor, StationPlan
from inspection.demo.process import free_port
from inspection.demo.story import train_first_model

_SIZE = 512
_SEEN = 80  # parts before the pictures are taken
_CHROMIUM = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


def main() -> None:
    """Render, train, replay, photograph."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(9)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        split = _parts(folder / "parts")
        with PlantFloor(folder, free_port(), password, recipe="steel-disc", station="line1-top") as floor:
            train_first_model(floor, split.goods)
            floor.start_station(StationPlan(split.line, 2.0, limit=None))
            floor.wait_for(lambda: floor.ledger().triggers >= _SEEN)
            _photograph(floor, password, out)


def _photograph(floor: PlantFloor, password: str, out: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(_CHROMIUM))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{floor.url}/login")
        page.fill("input[name=name]", "admin")
        page.fill("input[type=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_selector(".verdict.FAIL", timeout=120_000)
        _save(page, out / "live.png")
        for name in ("review", "groups", "models"):
            page.goto(f"{floor.url}/{name}")
            page.wait_for_load_state("networkidle")
            _save(page, out / f"{name}.png")
        browser.close()


def _save(page: Page, file: Path) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=file)
    print(file)


def _parts(folder: Path) -> CellSplit:
    folder.mkdir()
    generator = np.random.default_rng(7)
    goods = [_write(folder / f"disc{i:04d}.png", _disc(generator), bad=False) for i in range(120)]
    line = [_write(folder / f"disc{1000 + i}.png", *_line_part(generator, i)) for i in range(60)]
    return CellSplit(goods, line)


def _line_part(generator: np.random.Generator, index: int) -> tuple[NDArray[np.uint8], bool]:
    bad = index % 4 == 1
    disc = _disc(generator)
    return (_damage(disc, generator) if bad else disc), bad


def _write(file: Path, pixels: NDArray[np.uint8], bad: bool) -> Cell:  # noqa: FBT001 - the pair that a part is
    cv2.imwrite(str(file), pixels)
    return Cell(file, cracked=bad)


def _disc(generator: np.random.Generator) -> NDArray[np.uint8]:
    """A turned disc with four holes on a dark ground: lathe rings, light from the upper left, sensor noise."""
    y, x = np.mgrid[0:_SIZE, 0:_SIZE].astype(np.float32) - _SIZE / 2 - generator.normal(0, 1.5, (2, 1, 1))
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    rings = 6 * np.sin(radius * 0.9 + generator.uniform(0, 6)) + 4 * np.sin(radius * 0.23)
    sheen = 28 * np.cos(2 * (angle - generator.normal(0.8, 0.05)))
    grey = np.where((radius < 220) & (radius > 60), 142 + rings + sheen - 0.05 * (x + y), 34)
    for quarter in range(4):
        centre = 140 * np.array([np.cos(quarter * np.pi / 2 + 0.4), np.sin(quarter * np.pi / 2 + 0.4)])
        grey = np.where(np.hypot(x - centre[0], y - centre[1]) < 24, 30, grey)
    grey = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.2) + generator.normal(0, 3, grey.shape)
    return np.clip(grey * generator.normal(1, 0.02), 0, 255).astype(np.uint8)


def _damage(disc: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """A scratch, or a dent at the edge."""
    damaged = disc.copy()
    angle = generator.uniform(0, 2 * np.pi)
    middle = _SIZE / 2 + 120 * np.array([np.cos(angle), np.sin(angle)])
    if generator.random() < 0.6:
        along = generator.uniform(30, 60) * np.array([np.cos(angle + 1), np.sin(angle + 1)])
        start, end = (middle - along).astype(int).tolist(), (middle + along).astype(int).tolist()
        cv2.line(damaged, start, end, 225, 2, cv2.LINE_AA)
    else:
        edge = (_SIZE / 2 + 215 * np.array([np.cos(angle), np.sin(angle)])).astype(int).tolist()
        cv2.circle(damaged, edge, 16, 50, -1, cv2.LINE_AA)
    return damaged


if __name__ == "__main__":
    main()
