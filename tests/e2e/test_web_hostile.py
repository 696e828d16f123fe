"""Markup in whatever people and stations may write, on every page: shown as text, and nothing of it runs."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page

from edge.contract.link import ShadowState
from edge.contract.result import ShadowVerdict, Verdict, ViewVerdict, new_result_id
from inspection.web.pages import ADMIN_PAGE, PAGES
from tests.support.floor import Floor
from tests.support.plants import a_heartbeat

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=alert(1)>"
OUT_OF_A_QUOTE = '"><svg onload=alert(1)>'

SHOWN_ON = {
    "/": [f"refused {MARKUP}", f"part {MARKUP}"],
    "/review": [f"part {MARKUP}", f"reason {MARKUP}"],
    "/groups": [MARKUP],
    "/models?recipe=part": [f"why {MARKUP}", MARKUP],
    "/new-line?recipe=part": [],
    "/analytics?days=365": ["<img"],
    "/admin": [f"gone {MARKUP}", f"why {MARKUP}"],
}
"""Some of what each page must show, in words: else nothing would have been tried."""

ALL_IN_WORDS = """(words) => {
  for (const closed of document.querySelectorAll("details:not([open])")) closed.open = true;
  return words.filter((word) => !document.body.textContent.includes(word));
}"""
"""Opens what is closed; gives what is not there yet."""


@pytest.fixture(name="written")
def _written(floor: Floor) -> Floor:
    """A plant in which markup stands wherever the service takes it."""
    _by_the_station(floor)
    _by_people(floor)
    return floor


def _by_the_station(floor: Floor) -> None:
    view = ViewVerdict(view=MARKUP, result_id=new_result_id(), verdict=Verdict.FAIL, reason=f"view {MARKUP}")
    shadow = ShadowVerdict(bundle_id=MARKUP, verdict=Verdict.UNDECIDED, reason=f"shadow {MARKUP}")
    told: dict[str, Any] = {"camera": MARKUP, "reason": f"reason {MARKUP}", "defect_class": MARKUP, "source": MARKUP}
    told |= {"views": (view,), "shadow": shadow}
    for seed in range(4):
        result = floor.report(f"part {MARKUP}", seed=60 + seed, signature=(127, seed, 0), **told)
    floor.report(OUT_OF_A_QUOTE, Verdict.UNDECIDED, 70, **{**told, "camera": OUT_OF_A_QUOTE})
    floor.beat(result)
    refused = {"bundle_refused": f"refused {MARKUP}", "shadow": ShadowState(refused=f"beside {MARKUP}")}
    floor.send(a_heartbeat(version=f"v{MARKUP}", bundle_id=MARKUP, **refused))


def _by_people(floor: Floor) -> None:
    queue = floor.http.get("/review/queue").json()["results"]
    said = {"result_id": queue[-1]["result"]["id"], "label": "defect"}
    words = {"defect_type": MARKUP, "comment": f"comment {MARKUP}"}
    settings = {"part_name": MARKUP, "description": f"{MARKUP}{OUT_OF_A_QUOTE}"}
    for path, body in (
        ("/labels", {**said, **words}),
        ("/recipes/part/versions", {"settings": settings, "reason": f"why {MARKUP}"}),
        ("/stations", {"name": "line-9", "recipe": "part"}),
        ("/stations/line-9/retirement", {"reason": f"gone {MARKUP}"}),
    ):
        floor.http.post(path, json=body).raise_for_status()


def test_markup_is_shown_as_text_on_every_page(page: Page, written: Floor) -> None:
    """A dialog, a handler that the policy stops, or a request for `x` fails the test."""
    del written
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for path, words in SHOWN_ON.items():
        page.goto(path)
        until = time.monotonic() + 20
        while (missing := page.evaluate(ALL_IN_WORDS, words)) and time.monotonic() < until:
            page.wait_for_timeout(50)
        assert missing == [], path
        assert page.locator("img[src='x'], svg[onload]").count() == 0, path


def test_the_test_tries_every_page() -> None:
    assert {path.partition("?")[0] for path in SHOWN_ON} == {*PAGES, ADMIN_PAGE}
