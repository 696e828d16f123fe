"""Signing in, the live page, both languages and administration in a real browser."""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from edge.contract.result import Verdict, ViewVerdict
from tests.support.browser import photograph, put_away
from tests.support.floor import JOB_MS, Floor, fits, sign_in_page
from tests.support.live_plants import live_plant
from tests.support.plants import ADMIN_PASSWORD, a_heartbeat, a_result

pytestmark = pytest.mark.browser


_ENGLISH = """() => {
  const words = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("code, kbd, script, noscript, [lang=en], .brand")) continue;
    words.push(...(node.textContent.match(/[A-Za-z][\\w-]{3,}/g) ?? []));
  }
  for (const element of document.body.querySelectorAll("*:not([lang=en])")) {
    for (const name of ["title", "aria-label", "alt", "placeholder"]) {
      words.push(...((element.getAttribute(name) ?? "").match(/[A-Za-z][\\w-]{3,}/g) ?? []));
    }
  }
  return words;
}"""


def test_wrong_password_is_told_and_the_page_asks_again(browser: Browser, floor: Floor) -> None:
    page = browser.new_page(base_url=floor.address)
    page.goto("/review")
    expect(page).to_have_url(re.compile("/login\\?next=%2Freview$"))
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("name or password is wrong")
    put_away(page)


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
    assert fits(page)


def test_an_alert_stands_out_until_somebody_cares(browser: Browser, tmp_path: Path) -> None:
    with (
        live_plant(tmp_path, stale_after_s=0.2, alerts={"watch_every_s": 1, "silent_after_s": 1}) as address,
        closing(Floor(address, tmp_path)) as floor,
    ):
        floor.send(a_heartbeat(bundle_id="b" * 64))
        page = browser.new_page(base_url=address)
        sign_in_page(page)
        alert = page.locator(".alert", has_text="Station silent")
        expect(alert).to_contain_text("line-1", timeout=JOB_MS)
        alert.get_by_role("button", name="I care").click()
        expect(alert).to_contain_text("admin cares")
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        told = [
            a_result(Verdict.FAIL if ago == 0 else Verdict.PASS, captured_at=hour - timedelta(hours=ago))
            for ago in range(7)
            for _ in range(20)
        ]
        batch = {"results": [result.model_dump(mode="json") for result in told]}
        floor.station.post("/ingest/results", json=batch).raise_for_status()
        chart = page.locator(".alert.new", has_text="Control chart")
        expect(chart).to_contain_text("100.0% FAIL in the newest hour, beyond limits", timeout=JOB_MS)
        put_away(page)


def test_lost_camera_is_told(page: Page, floor: Floor) -> None:
    floor.send(a_heartbeat(camera_connected=False))
    expect(page.get_by_text("Camera disconnected")).to_be_visible()


_SIZES = """() => [".count b", ".verdict.large b"].map(
  (place) => parseFloat(getComputedStyle(document.querySelector(place)).fontSize))"""


def test_a_panel_is_read_from_afar_and_warns_of_an_old_picture(page: Page, floor: Floor) -> None:
    """Alone on the panel, digits and the verdict's word are large, larger than at a desk, and nothing is cut off."""
    result = floor.report("P-1", Verdict.UNDECIDED)
    floor.beat(result)
    for width, height in ((1024, 600), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        sizes = []
        for address in ("/", "/?kiosk=1"):
            page.goto(address)
            expect(page.locator(".verdict.large b")).to_have_text("UNDECIDED")
            sizes.append(page.evaluate(_SIZES))
            photograph(page, f"panel_{height}_{len(sizes)}")
        desk, panel = sizes
        assert panel[0] > desk[0]
        assert panel[1] > desk[1]
        assert min(panel) >= height / 12.5
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".numbers").evaluate(
            "e => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth]"
        ) == [0, 0]
    floor.beat(result)  # a station that is silent says so instead
    page.route("**/api/v1/stations", _with_old_picture)
    expect(page.locator(".notice")).to_have_text("The picture is 45 s old: no part has come since.")
    expect(page.locator(".slot-age")).to_have_class(re.compile("late"))
    page.unroute_all(behavior="wait")


def _with_old_picture(route: Route) -> None:
    """As the service answers when nothing has come for a while."""
    answer = route.fetch()
    route.fulfill(response=answer, json=[{**station, "picture_age_s": 45.0} for station in answer.json()])


def test_a_card_tells_again_after_the_service_was_started_anew(page: Page, floor: Floor) -> None:
    """The station still shows the same part: it has judged none meanwhile."""
    floor.beat(floor.report("P-77", Verdict.FAIL))
    card = page.locator(".station")
    expect(card).to_contain_text("P-77")
    page.route("**/api/v1/stations", _unheard)
    expect(card).to_contain_text("Waiting for the first heartbeat")
    expect(card).not_to_contain_text("P-77")
    expect(card).not_to_contain_text("triggers")
    page.unroute_all(behavior="wait")
    expect(card).to_contain_text("P-77")
    expect(card).not_to_contain_text("Waiting for the first heartbeat")
    expect(card.locator(".frame")).to_be_visible()


def _unheard(route: Route) -> None:
    """As the service answers before the first heartbeat."""
    answer = route.fetch()
    nothing = {"state": "never_seen", "heartbeat": None, "picture_result_id": None, "picture_age_s": None}
    route.fulfill(response=answer, json=[{**station, **nothing} for station in answer.json()])


def test_empty_pages_say_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with live_plant(tmp_path / "empty") as address:
        page = browser.new_page(base_url=address)
        sign_in_page(page)
        expect(page.locator("#loading")).to_contain_text("No station yet")
        page.get_by_role("button", name="Add station…").click()
        expect(page.locator("#station-dialog .problem")).to_contain_text("No recipe yet. Add one on the page Models")
        page.goto("/review")
        expect(page.locator("#empty")).to_contain_text("Nothing to review")
        page.goto("/models")
        expect(page.locator("#empty")).to_contain_text("No recipe yet")
        put_away(page)


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


def test_pages_in_chinese(browser: Browser, floor: Floor) -> None:
    """Chosen by the browser; nothing but names and standard abbreviations stays English."""
    before = floor.report("P-1", seed=51)
    floor.say_as("eve", before, "defect")
    views = tuple(ViewVerdict(view=name, result_id=before.id, verdict=Verdict.FAIL) for name in ("v1", "v2"))
    floor.beat(floor.report("P-1", views=views))
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
    expect(page.locator("#facts")).to_contain_text("不合格")  # the verdict of a view
    expect(page.locator("#beside").get_by_role("button")).to_have_accessible_name(re.compile("缺陷$"))
    assert set(page.evaluate(_ENGLISH)) == {"admin", "line-1", "part", "hangs"}
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_have_text("✓ 全部已保存")
    page.goto("/new-line")
    expect(page.locator("#step-name")).to_contain_text("工件类型与工位")
    assert set(page.evaluate(_ENGLISH)) - {"GigE", "RTSP", "USB3", "Vision"} == {"admin", "line-1", "bottle"}
    page.goto("/admin")
    expect(page.locator("#stations")).to_contain_text("停用…")
    expect(page.locator("#audit")).to_contain_text("工位")
    page.locator("#audit").evaluate("table => table.remove()")  # the details of what was done are data
    assert set(page.evaluate(_ENGLISH)) - {"PLANT", "toml", "Authorization", "Bearer"} <= {"admin", "line-1", "part"}
    page.goto("/groups")
    expect(page.locator("#empty")).to_contain_text("没有相似工件等待复判")
    assert set(page.evaluate(_ENGLISH)) == {"admin", "line-1", "part", "hangs"}
    page.goto("/models?recipe=part")
    expect(page.locator("#train")).to_have_text("训练第一个模型")
    assert set(page.evaluate(_ENGLISH)) == {"admin", "part", "hangs", "bottle"}
    page.goto("/analytics?days=365")
    expect(page.locator("#signals")).to_have_text("✓ 未违反任何判异规则")
    assert set(page.evaluate(_ENGLISH)) == {"admin", "line-1", "part", "hangs"}
    page.goto("/admin")
    expect(page.locator("#audit")).to_contain_text("标注工件")
    expect(page.locator("main")).to_contain_text("PLANT.toml")  # of a table that comes by another request
    assert set(page.evaluate(_ENGLISH)) - {"line-1", "part", "hangs"} == {
        "admin",
        "PLANT",
        "toml",
        "Authorization",
        "Bearer",
    }
    page.goto("/models?recipe=part")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#train")).to_have_text("Train first model")
    page.goto("/")
    expect(page.get_by_role("heading", name="Stations")).to_be_visible()
    put_away(page)


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
    page.get_by_label("line of line-1").fill("to the west")
    page.get_by_label("line of line-1").press("Enter")
    expect(page.locator("#problem")).to_contain_text("The line is not kept. Expected letters")
    page.get_by_label("line of line-1").fill("west")
    page.get_by_label("line of line-1").press("Enter")
    expect(page.locator("#audit")).to_contain_text("line of a station set")
    expect(page.locator("#problem")).to_be_hidden()
    assert floor.http.get("/stations").json()[0]["line"] == "west"
    page.get_by_role("button", name="New key…").click()
    page.get_by_role("button", name="Make a new key").click()
    expect(page.locator("#new-key")).to_have_text(re.compile("^st_"))
    refused = floor.station.post("/stations/me/heartbeat", json=a_heartbeat().model_dump(mode="json"))
    assert refused.status_code == 401
    page.locator("#key-dialog").get_by_role("button", name="Close").click()
    expect(page.locator("#audit")).to_contain_text("key of a station renewed")
    _take_out_of_service_and_use_the_name_again(page)
    page.get_by_role("button", name="Add key…").click()
    dialog = page.locator("#program-dialog")
    dialog.get_by_label("Name").fill("mes")
    dialog.get_by_text("Limit it to some areas").click()
    dialog.get_by_label("Results, images, analytics: read").check()
    dialog.get_by_label("Labels: change").check()
    assert fits(page)
    dialog.get_by_role("button", name="Add key").click()
    expect(dialog.locator("#program-key")).to_have_text(re.compile("^ik_"))
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#keys")).to_contain_text("Labels: change, Results, images, analytics: read")
    assert floor.http.get("/api-keys").json()[0]["scopes"] == ["labels:write", "results:read"]
    page.locator("#keys").get_by_role("button", name="Revoke").click()
    expect(page.locator("#keys")).to_contain_text("revoked")
    expect(page.locator("#retention-next")).to_contain_text("no rule of retention")
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.locator("#verification")).to_contain_text("none altered")
    assert fits(page)


def _take_out_of_service_and_use_the_name_again(page: Page) -> None:
    page.get_by_role("button", name="Take out of service…").click()
    page.locator("#retire-dialog").get_by_label("Reason").fill("the line was sold")
    page.locator("#retire-dialog").get_by_role("button", name="Take out of service").click()
    expect(page.locator("#stations tr.disabled")).to_contain_text("out of service since")
    expect(page.locator("#audit")).to_contain_text("station taken out of service")
    page.goto("/")
    expect(page.locator("#stations")).to_contain_text("No station yet")
    page.goto("/admin")
    page.get_by_role("button", name="Use the name again…").click()
    page.get_by_role("button", name="Make a new key").click()
    expect(page.locator("#new-key")).to_have_text(re.compile("^st_"))
    page.locator("#key-dialog").get_by_role("button", name="Close").click()
    expect(page.locator("#stations tr.disabled")).to_have_count(0)


def test_whom_the_company_signs_in_has_role_and_password_of_the_company(page: Page, floor: Floor) -> None:
    """Here such a person can only be kept out."""
    users = [*floor.http.get("/users").json()]
    users.append(users[0] | {"name": "sso:li.wei", "role": "inspector"})
    page.route("**/api/v1/users", lambda route: route.fulfill(json=users))
    page.goto("/admin")
    row = page.locator("#people tr", has_text="sso:li.wei")
    expect(row.get_by_role("button")).to_have_text(["Disable"])
    expect(row.get_by_role("combobox")).to_have_count(0)
    expect(row).to_contain_text("inspector")


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
    put_away(page)


def test_the_last_admin_cannot_be_locked_out(browser: Browser, floor: Floor) -> None:
    page = browser.new_page(base_url=floor.address)
    sign_in_page(page)
    page.goto("/admin")
    page.locator("#people tr", has_text="admin").get_by_role("button", name="Disable").click()
    expect(page.locator("#problem")).to_be_visible()
    expect(page.locator("#people")).not_to_contain_text("disabled")
    put_away(page)
