// Another threshold, tried on the held-out parts before anybody makes it: what fails, what escapes, what it costs.

import { get } from "./api.js";
import { h, number, percent } from "./dom.js";
import { t } from "./language.js";

const STEPS = 400;

/** A closed panel; it fetches the scores when it is opened. */
export function thresholdPanel(recipe, model, mayChange, start) {
  const body = h("div", { class: "threshold" });
  const panel = h("details", {}, h("summary", {}, t("Try another threshold")), body);
  panel.addEventListener("toggle", async () => {
    if (!panel.open || body.childElementCount > 0) return;
    try {
      fill(body, await get(`/recipes/${encodeURIComponent(recipe)}/models/${model.id}/heldout`), model, mayChange, start);
    } catch (error) {
      body.replaceChildren(h("p", { class: "problem" }, error.message));
    }
  });
  return panel;
}

function fill(body, heldout, model, mayChange, start) {
  const scores = [...heldout.goods, ...heldout.defects, heldout.threshold];
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const unit = (high - low || 1) / STEPS;
  const field = (name, attributes) => h("label", {}, name, " ", h("input", { type: "number", min: 0, step: "any", ...attributes, oninput: show }));
  const costs = heldout.costs ?? { escape: 100, overkill: 1, defect_rate: 0.01 };
  const slider = h("input", { type: "range", min: low - unit, max: high + unit, step: unit / 10, value: heldout.threshold, "aria-label": t("Threshold"), oninput: show });
  const [escape, overkill, bad] = [field(t("An escape costs"), { value: costs.escape }), field(t("Overkill costs"), { value: costs.overkill }), field(t("Bad parts, in %"), { value: 100 * costs.defect_rate, max: 100 })];
  const told = h("table", { class: "compare" });
  const make = h("button", { type: "button", class: "primary small", disabled: true, onclick: () => start({ kind: "threshold", bundle_id: model.id, at: chosen(), undecided_from: bandBelow(heldout, chosen()) }) }, t("Make this version, and run the gate"));
  // The slider's own steps may leave no mark where the threshold is: nothing has changed until it was moved.
  const chosen = () => (Math.abs(Number(slider.value) - heldout.threshold) < unit / 10 ? heldout.threshold : Number(slider.value));
  const valueOf = (label) => Number(label.querySelector("input").value);
  function show() {
    const at = chosen();
    const prices = { escape: valueOf(escape), overkill: valueOf(overkill), share: valueOf(bad) / 100 };
    told.replaceChildren(...table(consequences(heldout, heldout.threshold, prices), consequences(heldout, at, prices)));
    make.disabled = at === heldout.threshold;
  }
  body.replaceChildren(h("label", { class: "slider" }, t("Threshold"), slider), h("div", { class: "row costs" }, escape, overkill, bad), told, h("p", { class: "hint" }, t("On parts that the model has not seen; what can be promised holds if the line's parts are like them.")), mayChange ? make : "");
  show();
}

/** Where UNDECIDED begins: the band stays as it is, unless the threshold comes below it. */
const bandBelow = ({ undecided_from: from }, at) => (from !== null && from < at ? from : null);

function consequences(heldout, at, prices) {
  const passesUpTo = bandBelow(heldout, at) ?? at;
  const failed = heldout.goods.filter((score) => score > at).length;
  const undecided = heldout.undecided_from === null ? null : heldout.goods.filter((score) => score > passesUpTo && score <= at).length;
  const passed = heldout.defects.filter((score) => score <= passesUpTo).length;
  const [overkill, escapes] = [failed / heldout.goods.length, heldout.defects.length ? passed / heldout.defects.length : null];
  const cost = escapes === null ? null : 1000 * (prices.share * prices.escape * escapes + (1 - prices.share) * prices.overkill * overkill);
  return { at, failed, undecided, goods: heldout.goods.length, overkill, overkillMost: heldout.overkill_at_most[failed], passed, defects: heldout.defects.length, escapes, escapesMost: heldout.escapes_at_most[passed] ?? null, cost };
}

function table(now, then) {
  const row = (name, text) => h("tr", {}, h("th", {}, name), h("td", { class: "num" }, text(now)), h("td", { class: "num" }, h("b", {}, text(then))));
  return [
    h("thead", {}, h("tr", {}, ["", t("Now"), t("Then")].map((text) => h("th", {}, text)))),
    h(
      "tbody",
      {},
      row(t("Threshold"), ({ at }) => number(at, 3)),
      row(t("Good parts that fail"), ({ failed, goods, overkill }) => t("{count} of {all}, {share}", { count: failed, all: goods, share: percent(overkill) })),
      row(t("at most, with 95 % confidence"), ({ overkillMost }) => percent(overkillMost)),
      now.undecided === null ? "" : row(t("Good parts left to a person (UNDECIDED)"), ({ undecided, goods }) => t("{count} of {all}, {share}", { count: undecided, all: goods, share: percent(undecided / goods) })),
      row(t("Defects that pass"), ({ passed, defects, escapes }) => (defects ? t("{count} of {all}, {share}", { count: passed, all: defects, share: percent(escapes) }) : t("no labelled defects"))),
      row(t("at most, with 95 % confidence"), ({ escapesMost }) => (escapesMost === null ? t("nothing can be promised") : percent(escapesMost))),
      row(t("Cost of 1000 parts"), ({ cost }) => number(cost, 1)),
    ),
  ];
}
