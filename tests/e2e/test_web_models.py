"""The models page in a real browser, as an engineer uses it."""

import re

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, Route, expect

from edge.contract.manifest import HeldoutScores
from edge.contract.result import InspectionResult, ShadowVerdict, Verdict
from inspection.samples.splits import Split, split_of
from tests.support.browser import ALL_SENT, put_away
from tests.support.floor import JOB_MS, Floor, fits, sign_in_page
from tests.support.plants import image_ref, png

pytestmark = pytest.mark.browser


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
    assert fits(page)
    versions, history, detail = (_box(page.locator(name)) for name in ("#versions", "#history", "#detail"))
    between = history["y"] - versions["y"] - versions["height"]
    assert 0 < between < 20, "a tall evaluation leaves no gap in the shorter lists beside it"
    assert detail["y"] == versions["y"]


def test_a_reason_that_somebody_types_outlives_what_comes_in_meanwhile(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    why = page.get_by_label("Why it is trained")
    why.fill("a new lamp")
    waiting = page.locator(".figure b").first
    before = int(waiting.inner_text())
    for number in range(40, 60):
        floor.http.post("/recipes/part/samples?label=good", content=png(number)).raise_for_status()
    expect(waiting).not_to_have_text(str(before), timeout=JOB_MS)
    expect(why).to_have_value("a new lamp")
    expect(why).to_be_focused()
    page.get_by_role("button", name="hangs").click()
    expect(why).to_have_value("")


def test_a_late_answer_about_another_recipe_is_not_drawn(page: Page, floor: Floor) -> None:
    """The service answers the question about `part` after somebody has turned to `hangs`."""
    for number in range(40, 43):
        floor.http.post("/recipes/hangs/samples?label=good", content=png(number)).raise_for_status()
    page.goto("/models?recipe=part")
    figures = page.locator("#training .figure b")
    expect(figures.first).to_be_visible()
    held: list[Route] = []
    about_part = re.compile(r"/api/v1/recipes/part/models$")
    page.route(about_part, lambda route: held.append(route))  # noqa: PLW0108 - it sets an attribute on it
    with page.expect_request(about_part):
        pass
    of_part = figures.all_inner_texts()
    page.get_by_role("button", name="hangs").click()
    expect(figures).not_to_have_text(of_part)
    page.route(re.compile(r"/api/v1/recipes/hangs/models$"), lambda route: held.append(route))  # noqa: PLW0108 - the same
    of_hangs = figures.all_inner_texts()
    with page.expect_response(about_part) as late:
        held[0].continue_()
    late.value.finished()
    page.wait_for_timeout(500)  # long enough to ask what else there is, and to draw
    assert figures.all_inner_texts() == of_hangs


def test_a_part_judged_differently_is_shown_and_labelled(page: Page, browser: Browser, floor: Floor) -> None:
    part = floor.report("P-1", Verdict.PASS)
    page.goto("/models?recipe=part")
    page.locator("#train").click()
    page.get_by_role("button", name="Promote…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("first model")
    page.locator("#reason-dialog").get_by_role("button", name="Promote").click()
    expect(page.locator("#history li")).to_have_count(1)
    for number in range(20, 28):
        floor.http.post("/recipes/part/samples?label=good", content=png(number)).raise_for_status()
    page.get_by_label("Why it is trained").fill("new goods came in")
    page.locator("#train").click()
    expect(page.locator("#versions tbody tr")).to_have_count(2, timeout=JOB_MS)
    page.locator("#versions tbody tr", has_text="challenger").click()
    flip = page.locator(".flip")
    expect(flip).to_contain_text("no label", timeout=JOB_MS)
    expect(flip).to_contain_text("champion")
    expect(flip.locator("img")).to_have_js_property("naturalWidth", 160)
    expect(flip.locator(".side")).to_have_text([re.compile("PASS0.80"), re.compile("FAIL1.90")])
    expect(page.locator("#detail")).to_contain_text("1 replayed part, judged by both")
    expect(page.locator(".agreement .differs")).to_have_text("1")
    expect(page.locator(".histogram svg")).to_have_attribute("aria-label", re.compile("champion, threshold 1.00"))
    _follow_the_lineage(page)
    with page.expect_download() as report:
        page.get_by_role("link", name="Report of the evaluation, a file").click()
    assert re.fullmatch(r"part-[0-9a-f]{10}\.html", report.value.suggested_filename)
    _judge_while_away(browser, floor, part)
    page.reload()
    page.locator("#versions tbody tr", has_text="challenger").click()
    expect(flip.locator("b")).to_have_text("defect")
    assert fits(page)


def _judge_while_away(browser: Browser, floor: Floor, part: InspectionResult) -> None:
    """What is said of a flip shows at once, is sent when the service is back, and can be taken back."""
    context = browser.new_context(base_url=floor.address)
    page = context.new_page()
    sign_in_page(page)
    page.goto("/models?recipe=part")
    page.locator("#versions tbody tr", has_text="challenger").click()
    flip = page.locator(".flip")
    expect(flip).to_contain_text("no label")
    context.set_offline(True)
    flip.get_by_role("button", name="Good").click()
    expect(flip.locator("b")).to_have_text("good …")
    expect(page.locator("#link-state")).to_contain_text("1 decision is kept in this browser")
    assert floor.labels(part) == []
    context.set_offline(False)
    expect(flip.locator("b")).to_have_text("good", timeout=JOB_MS)
    assert floor.labels(part) == ["good:-"]
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(flip).to_contain_text("no label")
    page.wait_for_function(ALL_SENT)
    assert floor.labels(part) == []
    flip.get_by_role("button", name="Defect").click()
    expect(flip.locator("b")).to_have_text("defect")
    assert floor.labels(part) == ["defect:-"]
    put_away(context)


def _follow_the_lineage(page: Page) -> None:
    page.get_by_text("Where it comes from").click()
    lines = page.locator(".lineage")
    expect(lines).to_contain_text(re.compile("It follows version [0-9a-f]{10}, the champion of that time"))
    expect(lines).to_contain_text("Asked for by admin")
    expect(lines).to_contain_text("new goods came in")
    expect(lines).to_contain_text("Learnt from and tested on data version")
    expect(lines).to_contain_text("seed 0")
    lines.get_by_role("button", name="the data by version").click()
    expect(page.locator("#data details")).to_have_attribute("open", "")


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
    assert fits(page)


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


def _train_on_goods(page: Page, floor: Floor, recipe: str) -> None:
    """A new recipe, whose first model is the champion; its page is open."""
    floor.http.post("/recipes", json={"name": recipe}).raise_for_status()
    for number in range(8):
        floor.http.post(f"/recipes/{recipe}/samples?label=good", content=png(number)).raise_for_status()
    floor.train_and_promote(recipe)
    page.goto(f"/models?recipe={recipe}")


def test_labels_that_contradict_each_other_are_shown_before_training(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    expect(page.locator("#train")).to_be_enabled()
    expect(page.locator("#doubts")).to_be_hidden()
    floor.http.post("/recipes/part/samples?label=defect&defect_type=dent", content=png(200)).raise_for_status()
    result = floor.report("P-1", Verdict.FAIL, seed=50)
    floor.http.post("/labels", json={"result_id": result.id, "label": "good"}).raise_for_status()
    floor.say_as("eve", result, "defect", defect_type="scratch")
    page.locator("#doubts summary").click()
    expect(page.locator("#doubts")).to_contain_text("people disagree")
    expect(page.locator("#doubts")).to_contain_text("admin: good · eve: scratch")
    floor.say_as("max", result, "defect", defect_type="dent")
    expect(page.locator("#doubts").get_by_text("admin: good · eve: scratch · max: dent")).to_be_visible()
    page.locator("#doubts").get_by_role("button", name="scratch").click()
    expect(page.locator("#doubts")).to_be_hidden()
    _train_on_goods(page, floor, "twice")
    page.locator("#doubts summary").click()
    expect(page.locator("#doubts")).to_contain_text("good parts that show nearly the same")
    expect(page.locator("#doubts .thumbs img")).to_have_count(2)
    page.locator("#doubts").get_by_role("button", name="Keep one").click()
    expect(page.locator("#doubts")).to_be_hidden()
    expect(page.locator("#training")).to_contain_text("7")
    assert fits(page)


def test_a_good_part_that_looks_like_a_known_defect_can_be_called_by_its_type(page: Page, floor: Floor) -> None:
    _train_on_goods(page, floor, "mistaken")
    page.locator("#doubts summary").click()
    expect(page.locator("#doubts")).to_contain_text("called good, but looks like a known defect")
    page.locator("#doubts").get_by_role("button", name="scratch").click()
    expect(page.locator("#doubts")).to_be_hidden()
    expect(page.locator("#training")).to_contain_text("scratch")


def test_another_threshold_is_tried_before_it_is_made(page: Page, floor: Floor) -> None:
    scores = HeldoutScores(goods=(0.2, 0.4, 0.6, 0.9), defects=(0.8, 1.5))
    floor.add_model("part", heldout_scores=scores)
    page.goto("/models?recipe=part")
    page.get_by_text("Try another threshold").click()
    panel = page.locator(".threshold")
    expect(panel).to_contain_text("0 of 4, 0.0 %")
    expect(panel).to_contain_text("1 of 2, 50.0 %")
    make = panel.get_by_role("button", name="Make this version")
    expect(make).to_be_disabled()
    panel.get_by_role("slider").fill("0.7")
    expect(panel.locator("tr", has_text="Good parts that fail")).to_contain_text("1 of 4, 25.0 %")
    expect(panel.locator("tr", has_text="Defects that pass")).to_contain_text("0 of 2, 0.0 %")
    panel.get_by_label("An escape costs").fill("1000")
    expect(panel.locator("tr", has_text="Cost of 1000 parts")).to_contain_text("5000.0")
    make.click()
    expect(page.locator("#versions tbody tr")).to_have_count(2, timeout=JOB_MS)
    assert fits(page)


def test_a_threshold_that_nobody_has_moved_promises_what_it_did(page: Page, floor: Floor) -> None:
    """Trainings put it at the score of a good part, where the slider may have no step."""
    scores = HeldoutScores(goods=(0.2, 0.4, 0.6, 1.0), defects=(0.8, 1.53))
    floor.add_model("part", heldout_scores=scores)
    page.goto("/models?recipe=part")
    page.get_by_text("Try another threshold").click()
    row = page.locator(".threshold tr", has_text="Good parts that fail")
    expect(row.locator("td")).to_have_text(["0 of 4, 0.0 %", "0 of 4, 0.0 %"])
    expect(page.get_by_role("button", name="Make this version")).to_be_disabled()


def test_a_band_of_undecided_passes_nothing_and_stays_with_another_threshold(page: Page, floor: Floor) -> None:
    scores = HeldoutScores(goods=(0.2, 0.4, 0.6, 0.9), defects=(0.8, 1.5))
    floor.add_model("part", undecided_from=0.5, heldout_scores=scores)
    page.goto("/models?recipe=part")
    page.get_by_text("Try another threshold").click()
    panel = page.locator(".threshold")
    escapes, left = panel.locator("tr", has_text="Defects that pass"), panel.locator("tr", has_text="left to a person")
    panel.get_by_role("slider").fill("0.45")
    expect(left.locator("td")).to_have_text(["2 of 4, 50.0 %", "0 of 4, 0.0 %"])
    panel.get_by_role("slider").fill("0.7")
    expect(escapes.locator("td")).to_have_text(["0 of 2, 0.0 %", "0 of 2, 0.0 %"])
    expect(left.locator("td")).to_have_text(["2 of 4, 50.0 %", "1 of 4, 25.0 %"])
    with page.expect_request("**/api/v1/jobs") as asked:
        panel.get_by_role("button", name="Make this version").click()
    assert asked.value.post_data_json["undecided_from"] == 0.5


def ask_for_stages(page: Page, floor: Floor) -> Locator:
    """The dialog, for a challenger that passed the gate."""
    floor.train_and_promote("part")
    for number in range(20, 28):
        floor.http.post("/recipes/part/samples?label=good", content=png(number)).raise_for_status()
    page.goto("/models?recipe=part")
    page.locator("#train").click()
    page.get_by_role("button", name="In stages…").click(timeout=JOB_MS)
    return page.locator("#rollout-dialog")


def test_a_model_goes_out_in_stages_and_is_halted(page: Page, floor: Floor) -> None:
    floor.http.post("/stations", json={"name": "line-2", "recipe": "part"}).raise_for_status()
    dialog = ask_for_stages(page, floor)
    expect(dialog.get_by_label("line-1")).to_have_value("1")
    expect(dialog.get_by_label("line-2")).to_have_value("0")
    dialog.get_by_label("line-2").select_option("stage 2")
    dialog.get_by_label("A stage waits").fill("30")
    assert fits(page)
    dialog.get_by_label("Reason").fill("try it on one line")
    dialog.get_by_role("button", name="Start").click()
    panel = page.locator("#rollout")
    expect(panel).to_contain_text("under way")
    expect(panel.locator(".stages li")).to_have_text(
        ["Stage 1 of 2: line-1 ▶ here", "Stage 2 of 2: line-2 ○ to come", "Promotion: all stations ○ to come"]
    )
    expect(panel).to_contain_text("once each station has judged 320 parts")
    wanted = {row["name"]: row["desired_bundle_id"] for row in floor.http.get("/stations").json()}
    assert wanted["line-1"] != wanted["line-2"]
    panel.get_by_role("button", name="Next stage…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("good so far")
    page.locator("#reason-dialog").get_by_role("button", name="Advance").click()
    expect(panel.locator(".stages [aria-current]")).to_contain_text("line-2")
    panel.get_by_role("button", name="Halt…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("seen enough")
    page.locator("#reason-dialog").get_by_role("button", name="Halt").click()
    expect(panel.locator(".history li")).to_contain_text(["started, admin", "advanced, admin", "halted, admin"])
    expect(panel).to_contain_text("seen enough")
    wanted = {row["name"]: row["desired_bundle_id"] for row in floor.http.get("/stations").json()}
    assert wanted["line-1"] == wanted["line-2"]
    assert fits(page)


def test_a_line_is_put_into_a_stage_at_once(page: Page, floor: Floor) -> None:
    for name, line in (("line-2", "hall-A"), ("line-3", "hall-B"), ("line-4", "hall-B")):
        floor.http.post("/stations", json={"name": name, "recipe": "part", "line": line}).raise_for_status()
    dialog = ask_for_stages(page, floor)
    dialog.get_by_label("All of line hall-B").select_option("stage 3")
    expect(dialog.get_by_label("line-3")).to_have_value("3")
    expect(dialog.get_by_label("line-4")).to_have_value("3")
    expect(dialog.get_by_label("line-2")).to_have_value("0")
    assert dialog.get_by_label("All of line hall-A").count() == 0, "a line of one station is that station"
    assert fits(page)
    dialog.get_by_label("Reason").fill("hall B first")
    dialog.get_by_role("button", name="Start").click()
    expect(page.locator("#rollout .stages li")).to_have_text(
        [
            "Stage 1 of 2: line-1 ▶ here",
            "Stage 2 of 2: line-3, line-4 ○ to come",
            "Promotion: all stations ○ to come",
        ]
    )


def test_a_version_is_measured_apart_from_the_gate(page: Page, floor: Floor) -> None:
    floor.train_and_promote("part")
    floor.add_model("part", threshold=0.7)
    for number in range(2):
        floor.report(f"P-{number}", Verdict.PASS, seed=60 + number)
    page.goto("/models?recipe=part")
    page.locator("#versions tbody tr", has_text="challenger").click()
    panel = page.locator("#detail details", has_text="Measured apart from the gate")
    panel.locator("summary").click()
    expect(panel).to_contain_text("Nothing measured yet")
    panel.get_by_role("button", name="Evaluate on the hold-out").click()
    expect(panel.locator("tr", has_text="Image AUROC")).to_contain_text("0.991", timeout=JOB_MS)
    expect(page.locator("#training")).to_contain_text("measured, see there")
    panel.get_by_role("button", name="Replay the newest parts").click()
    expect(panel).to_contain_text("2 parts judged differently", timeout=JOB_MS)
    expect(panel.locator(".flip")).to_have_count(2)
    expect(panel.locator(".agreement")).to_contain_text("other model: PASS")
    assert fits(page)


def test_a_challenger_is_tried_beside_the_champion(page: Page, floor: Floor) -> None:
    floor.train_and_promote("part")
    floor.add_model("part", threshold=0.7)
    page.goto("/models?recipe=part")
    page.locator("#versions tbody tr", has_text="challenger").click()
    page.get_by_role("button", name="Try it beside the champion…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("does it agree?")
    page.locator("#reason-dialog").get_by_role("button", name="Try").click()
    panel = page.locator("#shadow")
    expect(panel).to_contain_text("No part was judged by both yet")
    beside = floor.http.get("/recipes/part/shadow").json()["bundle_id"]
    for number, verdict in enumerate((Verdict.PASS, Verdict.FAIL)):
        said = ShadowVerdict(bundle_id=beside, verdict=verdict)
        floor.report(f"P-{number}", Verdict.PASS, seed=60 + number, shadow=said)
    expect(panel).to_contain_text("2 parts judged by both; the same verdict for 50.00 %")
    expect(panel.locator(".flip")).to_contain_text("P-1")
    panel.get_by_role("button", name="End the trial…").click()
    page.locator("#reason-dialog").get_by_label("Reason").fill("seen enough")
    page.locator("#reason-dialog").get_by_role("button", name="End").click()
    expect(panel).to_be_hidden()
    assert fits(page)


def test_a_promotion_says_what_the_gate_has_not_seen(page: Page, floor: Floor) -> None:
    """Defects that joined the hold-out after it ran; the button that runs it again stands beside."""
    floor.train_and_promote("part")
    floor.http.post("/recipes/part/samples?label=good", content=png(20)).raise_for_status()
    page.goto("/models?recipe=part")
    page.locator("#train").click()
    challenger = page.locator("#versions tr", has_text="challenger")
    expect(challenger.get_by_role("button", name="Promote…")).to_be_visible(timeout=JOB_MS)
    expect(challenger.get_by_role("button", name="Run gate")).to_have_count(0)
    challenger.locator("button.link").click()
    held = next(seed for seed in range(500, 600) if split_of(image_ref(png(seed)).sha256) is Split.HOLDOUT)
    said = "/recipes/part/samples?label=defect&defect_type=dent"
    floor.http.post(said, content=png(held)).raise_for_status()
    warning = "1 part of the hold-out was labelled since the gate ran (1 defective)"
    expect(page.locator("#detail")).to_contain_text(warning)
    for button, dialog in (("Promote…", "#reason-dialog"), ("In stages…", "#rollout-dialog")):
        challenger.get_by_role("button", name=button).click()
        expect(page.locator(dialog)).to_contain_text(warning)
        page.locator(dialog).get_by_role("button", name="Cancel").click()
    assert fits(page)
    challenger.get_by_role("button", name="Run gate").click()
    expect(challenger.get_by_role("button", name="Run gate")).to_have_count(0, timeout=JOB_MS)
    expect(page.locator("#detail")).not_to_contain_text(warning)


def test_what_became_of_acceptances_is_said(page: Page, floor: Floor) -> None:
    """Each state in its words; where few of the parts pass, that."""
    floor.train_and_promote("part")
    told = {"recipe": "part", "reason": "oil", "user": "admin", "job_id": "0" * 32, "result_ids": ["1" * 32]}
    told |= {"created_at": "2026-03-02T07:59:00Z", "undone_by": None, "undone_at": None}
    effect = {"bundle_id": "abcdef0123" + "4" * 54, "parts": 16}
    rows = [
        {"state": "nothing_to_teach", "effect": None},
        {"state": "only_tests", "effect": None},
        {"state": "refused", "effect": None, "undone_by": "gate", "undone_at": told["created_at"]},
        {"state": "taught", "effect": {**effect, "passing": 15}},
        {"state": "taught", "effect": {**effect, "passing": 1}},
    ]
    answer = [{**told, "id": str(number), **row} for number, row in enumerate(rows)]
    page.route("**/api/v1/recipes/part/acceptances", lambda route: route.fulfill(json=answer))
    page.goto("/models?recipe=part")
    page.locator("#accepted summary").click()
    expect(page.locator("#accepted tbody td:nth-child(5)")).to_have_text(
        [
            "stands; nothing to teach, the champion passed these parts already",
            "stands; teaches nothing: its parts are held out, or were taken beside what is",
            "not taught: refused; the labels stay",
            "stands 15 of 16 taught parts pass by abcdef0123",
            "stands little effect: 1 of 16 taught parts pass by abcdef0123",
        ]
    )
    assert fits(page)


def _box(shown: Locator) -> FloatRect:
    box = shown.bounding_box()
    assert box is not None
    return box


def test_a_double_click_asks_for_one_training(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    page.locator("#train").dblclick()
    expect(page.locator("#versions tbody tr")).to_have_count(1, timeout=JOB_MS)
    assert len(floor.http.get("/jobs?recipe=part").json()) == 1
