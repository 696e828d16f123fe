"""What the service says in English is read in Chinese on the pages."""

from dataclasses import dataclass

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page, expect

from edge.contract.result import Outcome, Verdict
from inspection.web.language import CATALOGUES, COOKIE
from tests.support.browser import put_away
from tests.support.floor import Floor

pytestmark = pytest.mark.browser

_TOLD = """async (texts) => {
  const { told } = await import("/static/told.js");
  return texts.map(told);
}"""
_PROMISE = (
    "With 95 % confidence at most 2.0% of good parts fail (149 held-out good parts). "
    "No labelled defects: nothing is promised about escapes."
)
_GATE = (
    "bundle 0123456789ab: the gate refused it: recall of crack: 90.0% to 80.0% on 10 parts "
    "(95 % interval 44.4% to 97.5%); image AUROC 0.991 to 0.982, worse in 97% of resamples"
)


@pytest.fixture(name="chinese")
def _chinese(page: Page, floor: Floor) -> Page:
    page.context.add_cookies([{"name": COOKIE, "value": "zh", "url": floor.address}])
    return page


def test_every_sentence_is_found_by_its_words(chinese: Page) -> None:
    """No pattern hides another: each sentence, with values in it, becomes its own translation."""
    with (CATALOGUES / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        pairs = [(str(m.id), str(m.string)) for m in read_po(file, locale="zh") if "{0}" in str(m.id)]
    filled = [(_filled(text), _filled(translation)) for text, translation in pairs]
    chinese.goto("/")
    said = chinese.evaluate(_TOLD, [text for text, _ in filled])
    assert len(said) > 100
    assert said == [translation for _, translation in filled]


def _filled(text: str) -> str:
    for number in range(10):
        text = text.replace(f"{{{number}}}", f"v{number}")
    return text


def test_sentences_within_sentences(chinese: Page) -> None:
    chinese.goto("/")
    promise, gate, unknown = chinese.evaluate(_TOLD, [_PROMISE, _GATE, "words of somebody: 3 parts; more"])
    assert promise == "在 95 % 置信度下，良品最多有 2.0% 被判不合格（149 个留出良品）。没有已标注缺陷：对漏检不作承诺。"  # noqa: RUF001
    assert gate == (
        "模型包 0123456789ab：准入检验拒绝：crack 的召回率：10 个工件上由 90.0% 变为 80.0%"  # noqa: RUF001
        "（95 % 区间 44.4% 至 97.5%）；图像 AUROC 由 0.991 变为 0.982，在 97% 的重采样中变差"  # noqa: RUF001
    )
    assert unknown == "words of somebody: 3 parts; more"


@dataclass(frozen=True)
class Filled:
    """What somebody filled into a form of the pages, and what it is answered in Chinese."""

    path: str
    body: dict[str, object]
    answer: str


_FILLED = [
    Filled("/users", {"name": "lee", "password": "short", "role": "operator"}, "body.password：文本至少应有 10 个字符"),  # noqa: RUF001
    Filled(
        "/recipes/part/versions",
        {"reason": "   "},
        "body.settings：缺少该值；body.reason：文本至少应有 3 个字符，收到 '   '",  # noqa: RUF001
    ),
    Filled(
        "/recipes/part/versions",
        {"settings": {"max_overkill": 2, "defect_rate": "often"}, "reason": "as agreed"},
        "body.settings.max_overkill：应为小于 1 的数字，收到 2；body.settings.defect_rate：应为数字，收到 'often'",  # noqa: RUF001
    ),
    Filled(
        "/recipes/part/versions",
        {"settings": {"max_overkill": 0.2, "undecided_overkill": 0.1}, "reason": "as agreed"},
        "body.settings：undecided_overkill：应大于 max_overkill（0.2）",  # noqa: RUF001
    ),
    Filled("/recipes", {"name": "a b"}, "body.name：应为符合 ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ 的文本，收到 'a b'"),  # noqa: RUF001
    Filled("/recipes", {"nome": "a"}, "body.name：缺少该值；body.nome：没有这个键，是否拼写有误？"),  # noqa: RUF001
]


def test_what_a_form_is_refused_for(chinese: Page, floor: Floor) -> None:
    refused = [floor.http.post(filled.path, json=filled.body) for filled in _FILLED]
    assert {answer.status_code for answer in refused} == {422}
    chinese.goto("/")
    said = chinese.evaluate(_TOLD, [answer.json()["message"] for answer in refused])
    assert said == [filled.answer for filled in _FILLED]


def test_reasons_and_promises_on_the_pages(chinese: Page, floor: Floor) -> None:
    floor.report("P-late", Verdict.UNDECIDED, outcome=Outcome.TIMEOUT, reason="no verdict within 80 ms", score=None)
    chinese.goto("/review")
    expect(chinese.locator(".reason")).to_have_text("80 毫秒内没有判定")
    floor.add_model("part")
    chinese.goto("/models?recipe=part")
    expect(chinese.locator(".promise")).to_contain_text("良品最多有 5.0% 被判不合格")


def test_an_error_at_sign_in(browser: Browser, floor: Floor) -> None:
    page = browser.new_page(base_url=floor.address, locale="zh-CN")
    page.goto("/login")
    page.get_by_label("用户名").fill("admin")
    page.get_by_label("密码").fill("not this one")
    page.get_by_role("button", name="登录").click()
    expect(page.locator(".problem")).to_have_text("名称或密码错误")
    put_away(page)
