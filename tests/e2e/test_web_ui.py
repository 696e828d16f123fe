"""The pages in a real browser, as a person uses them."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from edge.contract.ledger import LedgerCounts
from edge.contract.link import Heartbeat, LatencySummary, LivePicture, Percentiles
from edge.contract.result import ImageKind, InspectionResult, Verdict
from tests.support.browser import chromium
from tests.support.live_plants import live_plant
from tests.support.plants import ADMIN_PASSWORD, a_heartbeat, a_result, image_ref, png

SMALL, LARGE = (1024, 600), (1440, 900)
JOB_MS = 60_000  # a busy machine may take that long to start two processes

pytestmark = [
    pytest.mark.browser,
]


class Floor:
    """A plant with a station that reports what it is told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = httpx.Client(base_url=f"{address}/api/v1", timeout=30)
        answer = self.http.post("/login", json={"name": "admin", "password": ADMIN_PASSWORD}).json()
        self.http.headers["X-CSRF-Token"] = answer["csrf"]
        for recipe in ("part", "hangs"):
            self.http.post("/recipes", json={"name": recipe}).raise_for_status()
            for number in range(8):
                self.http.post(f"/recipes/{recipe}/samples?label=good", content=png(number)).raise_for_status()
        key = self.http.post("/stations", json={"name": "line-1", "recipe": "part"}).json()["api_key"]
        self.station = httpx.Client(
            base_url=f"{address}/api/v1", timeout=30, headers={"Authorization": f"Bearer {key}"}
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()
        self.station.close()

    def report(self, part: str, verdict: Verdict = Verdict.FAIL, seed: int = 50) -> InspectionResult:
        """Send a result with its frame and map."""
        frame, overlay = png(seed, 200), png(seed + 1000, 64)
        refs = (image_ref(frame), image_ref(overlay, ImageKind.OVERLAY))
        result = a_result(verdict, refs, part_id=part)
        batch = {"results": [result.model_dump(mode="json")]}
        wanted = self.station.post("/ingest/results", json=batch).raise_for_status().json()["images_wanted"]
        for data, ref in zip((frame, overlay), refs, strict=True):
            if ref.sha256 in wanted:
                self.station.put(f"/ingest/images/{ref.sha256}", content=data).raise_for_status()
        return result

    def beat(self, result: InspectionResult) -> None:
        """Send a heartbeat with this result as the last picture."""
        from base64 import b64encode  # noqa: PLC0415 - only here

        import cv2  # noqa: PLC0415 - only here
        import numpy as np  # noqa: PLC0415 - only here

        jpeg = cv2.imencode(".jpg", np.full((120, 160, 3), 128, np.uint8))[1].tobytes()
        overlay = b64encode(png(9, 64)).decode()
        beat = a_heartbeat(
            ledger=LedgerCounts(triggers=10, verdicts=9, timeouts=1, passed=7, failed=2, undecided=1),
            latency=LatencySummary(frame_to_verdict_ms=Percentiles(p50=9.5, p99=14.2)),
            picture=LivePicture(result=result, frame_jpeg_base64=b64encode(jpeg).decode(), overlay_png_base64=overlay),
        )
        self.send(beat)

    def send(self, beat: Heartbeat) -> None:
        """Send a heartbeat."""
        self.station.post("/stations/me/heartbeat", json=beat.model_dump(mode="json")).raise_for_status()

    def labels(self, result: InspectionResult) -> list[str]:
        """What stands on a result."""
        shown = self.http.get(f"/results/{result.id}").json()["labels"]
        return [f"{row['label']}:{row['defect_type'] or '-'}" for row in shown]


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(name="floor")
def _floor(tmp_path: Path) -> Iterator[Floor]:
    with live_plant(tmp_path) as address:
        floor = Floor(address)
        yield floor
        floor.close()


@pytest.fixture(name="page", params=[SMALL, LARGE], ids=["1024x600", "1440x900"])
def _page(browser: Browser, floor: Floor, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A signed-in page; whatever the test does, nothing leaves the host and nothing is complained of."""
    width, height = request.param
    page = browser.new_page(base_url=floor.address, viewport={"width": width, "height": height})
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    _sign_in(page)
    yield page
    assert complaints == []
    assert hosts - {""} == {urlsplit(floor.address).netloc}
    page.close()


def _sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_wrong_password_is_told_and_the_page_asks_again(browser: Browser, floor: Floor) -> None:
    page = browser.new_page(base_url=floor.address)
    page.goto("/review")
    expect(page).to_have_url(re.compile("/login$"))
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("name or password is wrong")
    page.close()


def test_live_page_shows_the_last_part_and_the_ledger(page: Page, floor: Floor) -> None:
    expect(page.get_by_text("NEVER SEEN")).to_be_visible()
    floor.beat(floor.report("P-77", Verdict.FAIL))
    card = page.locator(".station")
    expect(card.get_by_role("img", name="verdict FAIL")).to_be_visible()
    expect(card).to_contain_text("P-77")
    expect(card).to_contain_text("10 triggers = 9 verdicts + 1 timeout + 0 drops")
    expect(card).to_contain_text("✓ balanced")
    expect(card).to_contain_text("p50 9.5 ms · p99 14 ms")
    expect(card.locator(".slot-recent .dot.FAIL")).to_have_count(1)
    expect(card.locator(".map")).to_be_visible()
    page.keyboard.press("m")
    expect(card.locator(".map")).to_be_hidden()
    assert _fits(page)


def test_lost_camera_is_told(page: Page, floor: Floor) -> None:
    floor.send(a_heartbeat(camera_connected=False))
    expect(page.get_by_text("Camera disconnected")).to_be_visible()


def test_review_by_keys_with_undo(page: Page, floor: Floor) -> None:
    parts = [floor.report(f"P-{number}", seed=number + 60) for number in range(4)]
    page.goto("/review")
    facts = page.locator("#facts")
    expect(facts).to_contain_text("P-3")
    page.keyboard.press("g")
    expect(facts).to_contain_text("P-2")
    page.keyboard.press("t")
    page.keyboard.type("scratch")
    page.keyboard.press("Enter")
    expect(facts).to_contain_text("P-1")
    page.keyboard.press("1")
    page.keyboard.press("d")
    expect(facts).to_contain_text("P-0")
    page.keyboard.press("u")
    expect(page.locator("#empty")).to_contain_text("Nothing to review")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert [floor.labels(part) for part in parts] == [["unsure:-"], ["defect:scratch"], ["defect:scratch"], ["good:-"]]
    page.keyboard.press("z")
    expect(facts).to_contain_text("P-0")
    expect(page.locator("#waiting")).to_have_text("1 part waits")
    page.keyboard.press("z")
    expect(facts).to_contain_text("P-1")
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    page.reload()
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    assert [floor.labels(part) for part in parts[:2]] == [[], []]
    assert _fits(page)


def test_review_shows_picture_score_and_map(page: Page, floor: Floor) -> None:
    floor.report("P-1")
    page.goto("/review")
    expect(page.get_by_role("img", name="verdict FAIL")).to_be_visible()
    expect(page.get_by_role("img", name="score 2.50 · threshold 1.00")).to_be_visible()
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    page.locator("#opacity").fill("25")
    assert page.locator("#map").evaluate("element => element.style.opacity") == "0.25"
    expect(page.locator("#answers").get_by_role("button", name="Good")).to_be_in_viewport()


def test_labels_wait_while_the_service_is_away(browser: Browser, floor: Floor) -> None:
    part = floor.report("P-1")
    page = browser.new_page(base_url=floor.address)
    _sign_in(page)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.route("**/api/v1/labels", lambda route: route.abort())
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_contain_text("1 not stored yet, trying again")
    assert floor.labels(part) == []
    page.unroute("**/api/v1/labels")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert floor.labels(part) == ["good:-"]
    page.close()


def test_retrain_then_promote_then_roll_back(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    for reason in ("first model", "knows more"):
        page.locator("#train").click()
        page.get_by_role("button", name="Promote…").click()
        dialog = page.locator("#reason-dialog")
        dialog.get_by_label("Reason").fill(reason)
        dialog.get_by_role("button", name="Promote").click()
        expect(page.locator("#history")).to_contain_text(reason)
        expect(page.locator("#versions tr", has_text="★ CHAMPION")).to_have_count(1)
        for number in range(8):
            floor.http.post("/recipes/part/samples?label=good", content=png(number + 20)).raise_for_status()
    page.locator("#rollback").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("overkill rose")
    page.locator("#reason-dialog").get_by_role("button", name="Roll back").click()
    expect(page.locator("#history li")).to_have_count(3)
    expect(page.locator("#history li").first).to_contain_text("rolled back")
    assert _fits(page)


def test_a_part_judged_differently_is_shown_and_labelled(page: Page, floor: Floor) -> None:
    part = floor.report("P-1", Verdict.PASS)
    page.goto("/models?recipe=part")
    page.locator("#train").click()
    page.get_by_role("button", name="Promote…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("first model")
    page.locator("#reason-dialog").get_by_role("button", name="Promote").click()
    expect(page.locator("#history li")).to_have_count(1)
    for number in range(20, 28):
        floor.http.post("/recipes/part/samples?label=good", content=png(number)).raise_for_status()
    page.locator("#train").click()
    expect(page.locator("#versions tbody tr")).to_have_count(2, timeout=JOB_MS)
    page.locator("#versions tbody tr", has_text="challenger").click()
    flip = page.locator(".flip")
    expect(flip).to_contain_text("no label", timeout=JOB_MS)
    expect(flip).to_contain_text("champion")
    expect(flip.locator("img")).to_have_js_property("naturalWidth", 160)
    expect(flip.locator(".side")).to_have_text([re.compile("PASS0.80"), re.compile("FAIL1.90")])
    flip.get_by_role("button", name="Defect").click()
    expect(flip.locator("b")).to_have_text("defect")
    assert floor.labels(part) == ["defect:-"]
    assert _fits(page)


def test_an_admin_forces_a_refused_model_on_record(page: Page, floor: Floor) -> None:
    floor.http.post("/recipes", json={"name": "worse"}).raise_for_status()
    for number in range(8):
        floor.http.post("/recipes/worse/samples?label=good", content=png(number)).raise_for_status()
    page.goto("/models?recipe=worse")
    page.locator("#train").click()
    expect(page.locator(".checks .no")).to_contain_text("recall on scratch fell", timeout=JOB_MS)
    page.get_by_role("button", name="Force…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("type is made no more")
    page.locator("#reason-dialog").get_by_role("button", name="Force").click()
    expect(page.locator("#history li")).to_contain_text("forced past the gate")
    assert _fits(page)


def test_training_shows_progress_and_can_be_cancelled(page: Page) -> None:
    page.goto("/models?recipe=hangs")
    page.locator("#train").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".step")).to_have_text("reading images")
    page.get_by_text("Log", exact=True).click()
    expect(page.locator("pre")).to_contain_text("fake models")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".job-state")).to_have_text("training cancelled")
    expect(page.locator("#train")).to_be_enabled()


def test_empty_pages_say_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with live_plant(tmp_path / "empty") as address:
        page = browser.new_page(base_url=address)
        _sign_in(page)
        expect(page.locator("#loading")).to_contain_text("No station yet")
        page.goto("/review")
        expect(page.locator("#empty")).to_contain_text("Nothing to review")
        page.goto("/models")
        expect(page.locator("#empty")).to_contain_text("No recipe yet")
        page.close()


def test_station_key_is_shown_once(page: Page, floor: Floor) -> None:
    page.get_by_role("button", name="Add station…").click()
    dialog = page.locator("#station-dialog")
    dialog.get_by_label("Name of the station").fill("line-2")
    dialog.get_by_role("button", name="Add station").click()
    expect(dialog.locator("#station-api-key")).to_have_text(re.compile("^st_"))
    expect(dialog.locator("#station-trust")).to_have_text(re.compile(r'^trusted_keys = \["[A-Za-z0-9+/]{43}="\]$'))
    key = dialog.locator("#station-api-key").inner_text()
    answer = httpx.post(
        f"{floor.address}/api/v1/stations/me/heartbeat",
        json=a_heartbeat().model_dump(mode="json"),
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator(".station")).to_have_count(2)


_ENGLISH = """() => {
  const words = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("code, kbd, script, noscript, [lang=en], .brand")) continue;
    words.push(...(node.textContent.match(/[A-Za-z][\\w-]{3,}/g) ?? []));
  }
  return words;
}"""


def test_pages_in_chinese(browser: Browser, floor: Floor) -> None:
    """Chosen by the browser; nothing but names and standard abbreviations stays English."""
    floor.beat(floor.report("P-1"))
    page = browser.new_page(base_url=floor.address, locale="zh-CN")
    page.goto("/login")
    assert set(page.evaluate(_ENGLISH)) == {"admin"}
    page.get_by_label("用户名").fill("admin")
    page.get_by_label("密码").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator(".station")).to_contain_text("10 触发 = 9 判定 + 1 超时 + 0 丢弃")
    expect(page.get_by_role("img", name="判定：不合格")).to_be_visible()  # noqa: RUF001
    assert set(page.evaluate(_ENGLISH)) == {"admin", "api_key_file", "line-1", "part"}
    page.goto("/review")
    expect(page.locator("#waiting")).to_have_text("1 件待复判")
    expect(page.locator("#facts")).to_contain_text("工件")
    assert set(page.evaluate(_ENGLISH)) == {"admin", "line-1", "part", "hangs"}
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_have_text("✓ 全部已保存")
    page.goto("/models?recipe=part")
    expect(page.locator("#train")).to_have_text("训练第一个模型")
    assert set(page.evaluate(_ENGLISH)) == {"admin", "part", "hangs"}
    page.goto("/analytics?days=365")
    expect(page.locator("#signals")).to_have_text("✓ 未违反任何判异规则")
    assert set(page.evaluate(_ENGLISH)) == {"admin", "line-1", "part", "hangs"}
    page.goto("/models?recipe=part")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#train")).to_have_text("Train first model")
    page.goto("/")
    expect(page.get_by_role("heading", name="Stations")).to_be_visible()
    page.close()


def test_analytics_charts_a_day_and_gives_the_table(page: Page, floor: Floor) -> None:
    for verdict in (Verdict.PASS, Verdict.PASS, Verdict.FAIL):
        floor.report("P-1", verdict)
    page.goto("/analytics")
    expect(page.locator("#empty")).to_contain_text("No part was judged in this period")
    page.locator("#days").select_option("1 year")
    expect(page.locator("#figures")).to_contain_text("66.67 %")
    expect(page.locator("#pchart .main-svg").first).to_be_visible()
    expect(page.locator("#pareto .main-svg").first).to_be_visible()
    expect(page.locator("#signals")).to_have_text("✓ no rule broken")
    expect(page).to_have_url(re.compile("days=365"))
    page.reload()
    expect(page.locator("#figures")).to_contain_text("66.67 %")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download table").click()
    rows = Path(started.value.path()).read_text("utf-8").splitlines()
    assert any(",2,1,0," in row for row in rows)
    page.get_by_label("Recipe").select_option("hangs")
    expect(page.locator("#empty")).to_be_visible()
    assert _fits(page)


def test_administration_of_people_keys_and_the_audit_log(page: Page, floor: Floor) -> None:
    page.get_by_role("link", name="Administration").click()
    expect(page.locator("#people")).to_contain_text("everything, people too")
    page.get_by_role("button", name="Add person…").click()
    dialog = page.locator("#person-dialog")
    dialog.get_by_label("Name").fill("li.wei")
    dialog.get_by_label("Password").fill("a long enough one")
    dialog.get_by_role("button", name="Add person").click()
    row = page.locator("#people tr", has_text="li.wei")
    expect(row.get_by_label("role of li.wei")).to_have_value("inspector")
    row.get_by_label("role of li.wei").select_option("engineer")
    expect(page.locator("#said")).to_have_text("✓ saved")
    row.get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("disabled")
    users = {user["name"]: (user["role"], user["disabled"]) for user in floor.http.get("/users").json()}
    assert users["li.wei"] == ("engineer", True)
    page.get_by_role("button", name="New key…").click()
    page.get_by_role("button", name="Make a new key").click()
    expect(page.locator("#new-key")).to_have_text(re.compile("^st_"))
    refused = floor.station.post("/stations/me/heartbeat", json=a_heartbeat().model_dump(mode="json"))
    assert refused.status_code == 401
    page.locator("#key-dialog").get_by_role("button", name="Close").click()
    expect(page.locator("#audit")).to_contain_text("station.key_renewed")
    page.get_by_role("button", name="Add key…").click()
    dialog = page.locator("#program-dialog")
    dialog.get_by_label("Name").fill("mes")
    dialog.get_by_role("button", name="Add key").click()
    expect(dialog.locator("#program-key")).to_have_text(re.compile("^ik_"))
    dialog.get_by_role("button", name="Close").click()
    page.locator("#keys").get_by_role("button", name="Revoke").click()
    expect(page.locator("#keys")).to_contain_text("revoked")
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.locator("#verification")).to_contain_text("none altered")
    assert _fits(page)


def test_administration_is_for_admins(browser: Browser, floor: Floor) -> None:
    floor.http.post("/users", json={"name": "eve", "role": "engineer", "password": ADMIN_PASSWORD}).raise_for_status()
    page = browser.new_page(base_url=floor.address)
    page.goto("/login")
    page.get_by_label("Name").fill("eve")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    expect(page.get_by_role("link", name="Models")).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    page.goto("/admin")
    page.wait_for_url(f"{floor.address}/")
    page.close()


def test_the_last_admin_cannot_be_locked_out(browser: Browser, floor: Floor) -> None:
    page = browser.new_page(base_url=floor.address)
    _sign_in(page)
    page.goto("/admin")
    page.locator("#people tr", has_text="admin").get_by_role("button", name="Disable").click()
    expect(page.locator("#problem")).to_be_visible()
    expect(page.locator("#people")).not_to_contain_text("disabled")
    page.close()


def test_a_picture_is_looked_at_closely(page: Page, floor: Floor) -> None:
    for part in ("P-0", "P-1"):
        floor.report(part, seed=50 + len(part))
    page.goto("/review")
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    place = "element => [new DOMMatrix(element.style.transform).a, new DOMMatrix(element.style.transform).e]"
    page.locator("#picture").hover()
    page.mouse.wheel(0, -100)
    page.mouse.wheel(0, -100)
    page.mouse.wheel(0, -100)
    expect(page.locator("#picture")).to_have_class(re.compile("zoomed"))
    scale, left = page.locator("#frame").evaluate(place)
    assert scale == pytest.approx(1.25**3, rel=1e-4)
    page.mouse.down()
    page.mouse.move(200, 300)
    page.mouse.up()
    moved = page.locator("#frame").evaluate(place)
    assert moved[0] == scale
    assert moved[1] < left
    assert page.locator("#map").evaluate(place) == moved
    page.keyboard.press("b")
    assert page.locator("#frame").evaluate("element => element.style.filter") == "brightness(1.25)"
    assert page.locator("#map").evaluate("element => element.style.filter") == ""
    page.keyboard.press("n")
    expect(page.locator("#picture")).not_to_have_class(re.compile("zoomed"))
    assert page.locator("#frame").evaluate("element => element.style.filter") == ""


def test_analytics_say_what_the_random_sample_shows(browser: Browser, tmp_path: Path) -> None:
    """A passed part is drawn, reviewed in the page, and counted for the recipe."""
    with live_plant(tmp_path / "audit", audit_escapes_at_most=0.1, audit_period_passes=1) as address:
        floor = Floor(address)
        floor.report("P-1", Verdict.PASS)
        page = browser.new_page(base_url=address)
        _sign_in(page)
        page.goto("/review")
        expect(page.locator("#facts")).to_contain_text("by chance, to check what is passed")
        page.keyboard.press("g")
        expect(page.locator("#outbox")).to_have_text("✓ all saved")
        page.goto("/analytics?days=365")
        expect(page.locator("#audit")).to_contain_text("Choose a recipe")
        page.locator("#recipe").select_option("part")
        expect(page.locator("#audit")).to_contain_text("To show 10.0 %: 28 more passed parts to review")
        expect(page.locator("#audit")).to_contain_text("At most 95.0 % of the passed parts are bad")
        floor.close()
        page.close()


def test_labels_that_contradict_each_other_are_shown_before_training(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    expect(page.locator("#train")).to_be_enabled()
    expect(page.locator("#doubts")).to_be_hidden()
    floor.http.post("/recipes/part/samples?label=defect&defect_type=dent", content=png(200)).raise_for_status()
    result = floor.report("P-1", Verdict.FAIL, seed=50)
    floor.http.post("/labels", json={"result_id": result.id, "label": "good"}).raise_for_status()
    body = {"name": "eve", "role": "inspector", "password": ADMIN_PASSWORD}
    floor.http.post("/users", json=body).raise_for_status()
    with httpx.Client(base_url=f"{floor.address}/api/v1") as eve:
        csrf = eve.post("/login", json={"name": "eve", "password": ADMIN_PASSWORD}).json()["csrf"]
        label = {"result_id": result.id, "label": "defect", "defect_type": "scratch"}
        eve.post("/labels", json=label, headers={"X-CSRF-Token": csrf}).raise_for_status()
    page.locator("#doubts summary").click()
    expect(page.locator("#doubts")).to_contain_text("people disagree")
    expect(page.locator("#doubts")).to_contain_text("admin: good · eve: scratch")
    assert _fits(page)


def test_markup_in_names_is_shown_as_text(page: Page, floor: Floor) -> None:
    """A part id comes from a scanner, a defect type from a keyboard; the fixture sees whatever a script would do."""
    hostile = "<img src=x onerror=alert(1)>"
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    floor.beat(floor.report(hostile))
    expect(page.locator(".station")).to_contain_text(hostile)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text(hostile)
    page.keyboard.press("t")
    page.keyboard.type(hostile)
    page.keyboard.press("Enter")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    page.goto("/analytics?days=365")
    expect(page.locator("#pareto")).to_contain_text("<img")
    assert page.locator("img[src='x']").count() == 0


def test_review_filters_stand_in_the_address(page: Page, floor: Floor) -> None:
    floor.report("P-bad", Verdict.FAIL, seed=60)
    floor.report("P-odd", Verdict.UNDECIDED, seed=61)
    page.goto("/review")
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    page.locator("#verdict-filter").select_option("UNDECIDED")
    expect(page.locator("#facts")).to_contain_text("P-odd")
    expect(page.locator("#waiting")).to_have_text("1 part waits")
    expect(page).to_have_url(re.compile("verdict=UNDECIDED"))
    page.reload()
    expect(page.locator("#facts")).to_contain_text("P-odd")
    page.get_by_label("Recipe").select_option("hangs")
    expect(page.locator("#empty")).to_contain_text("Nothing to review")
    page.goto("/review?verdict=FAIL&station=line-1&recipe=nonsense")
    expect(page.locator("#facts")).to_contain_text("P-bad")
    assert _fits(page)
