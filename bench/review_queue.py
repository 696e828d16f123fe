"""The review page in a real browser before a queue of 100,000 flagged parts.

    python bench/review_queue.py [--parts 100000] [--steps 1500]

Fills a new plant's database (SQLite) with flagged parts, some pictures shared among them, opens the page and presses N
again and again. Tells the time from the key to the next picture painted (median and 99th percentile), and the browser's
memory after each third of the steps: it must not grow.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import Page
from sqlalchemy import insert

from edge.contract.result import ImageKind, Verdict
from inspection.review.states import await_review
from inspection.store.address import sqlite_address
from inspection.store.database import Database
from inspection.store.tables import ResultImageRow, ResultRow
from tests.support.browser import chromium
from tests.support.floor import Floor, sign_in_page
from tests.support.live_plants import live_plant
from tests.support.plants import a_result

_PICTURES = 50
_BATCH = 5000
_PAINTED = """async (part) => {
  const started = performance.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  const frame = document.getElementById("frame");
  await frame.decode().catch(() => {});
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - started;
}"""


def main() -> None:
    """Fill, press, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument(
        "--pause-ms", type=int, default=200, help="between two keys (default: 200, five parts a second)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, live_plant(Path(folder)) as address:
        floor = Floor(address, Path(folder))
        refs = [floor.report(f"P-{number}", seed=number).images for number in range(_PICTURES)]
        _fill(Path(folder), options.parts, refs)
        floor.close()
        with chromium() as browser:
            page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 800})
            sign_in_page(page)
            page.goto("/review?order=time")
            page.wait_for_selector("#bench:not([hidden])")
            _measure(page, options.steps, options.pause_ms)


def _fill(folder: Path, parts: int, refs: list[tuple]) -> None:
    database = Database(sqlite_address(folder / "data" / "plant.sqlite3"))
    started = time.monotonic()
    for start in range(0, parts, _BATCH):
        numbers = range(start, min(start + _BATCH, parts))
        results = [a_result(Verdict.FAIL, refs[n % _PICTURES], part_id=f"Q-{n}") for n in numbers]
        with database.write() as session:
            session.execute(insert(ResultRow), [_row(result) for result in results])
            images = [
                {"result_id": result.id, "kind": ImageKind(ref.kind).value, "sha256": ref.sha256}
                for result in results
                for ref in result.images
            ]
            session.execute(insert(ResultImageRow), images)
            session.flush()
            await_review(session, [result.id for result in results])
    print(f"{parts} flagged parts written in {time.monotonic() - started:.0f} s")
    database.close()


def _row(result) -> dict:  # noqa: ANN001 - a result as a row
    return {
        "id": result.id,
        "station": result.station,
        "recipe": result.recipe,
        "verdict": result.verdict.value,
        "part_id": result.part_id,
        "score": result.score,
        "captured_at": result.captured_at,
        "received_at": datetime.now(UTC),
        "document": result.model_dump_json(),
    }


def _measure(page: Page, steps: int, pause_ms: int) -> None:
    shown = page.locator("#facts").inner_text()
    client = page.context.new_cdp_session(page)
    times: list[float] = []
    print("step  heap MB  nodes  parts kept")
    for step in range(steps):
        page.wait_for_timeout(pause_ms)
        times.append(page.evaluate(_PAINTED))
        if step % _PICTURES == _PICTURES // 2 and page.locator("#facts").inner_text() == shown:
            raise SystemExit("the page did not go on: what was measured is nothing")
        if step % (steps // 6) == steps // 6 - 1:
            client.send("HeapProfiler.collectGarbage")
            heap = client.send("Runtime.getHeapUsage")["usedSize"] / 2**20
            nodes = client.send("Memory.getDOMCounters")["nodes"]
            print(f"{step + 1:5d} {heap:7.1f} {nodes:6d}   {page.locator('#waiting').inner_text()}")
    if page.locator("#bench").is_hidden():
        raise SystemExit("the queue ended: too few parts")
    p50, p99 = np.percentile(times, [50, 99])
    print(f"from key to picture painted: p50 {p50:.0f} ms, p99 {p99:.0f} ms over {steps} parts")


if __name__ == "__main__":
    main()
