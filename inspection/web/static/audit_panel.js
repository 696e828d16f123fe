// What the random audit sample says of a recipe: how much slips through, and how much the sample can promise.

import { h, percent } from "./dom.js";
import { n, rich, t } from "./language.js";

export function auditPanel(report) {
  if (report === null) return [h("p", { class: "muted" }, t("Choose a recipe: estimates are made for one recipe at a time."))];
  return [h("table", { class: "audit" }, h("tbody", {}, rate(t("Escapes (bad passed)"), report.escape_rate), rate(t("Overkill (good failed)"), report.overkill_rate))), ...bound(report), ...coverage(report.passes)].filter((part) => part !== null);
}

function rate(name, estimate) {
  const text = estimate === null ? h("td", { class: "muted", colspan: 2 }, t("no reviewed sample yet")) : [h("td", { class: "num" }, h("b", {}, percent(estimate.value))), h("td", { class: "muted" }, t("95 % interval {lower} to {upper}", { lower: percent(estimate.lower), upper: percent(estimate.upper) }))];
  return h("tr", {}, h("th", {}, name), text);
}

function bound({ plan, passes, escapes_at_most: most, shown }) {
  if (plan === null) return [h("p", { class: "hint" }, t("The plant's settings draw no parts (audit_escapes_at_most = 0)."))];
  const told = most === null ? null : h("p", { class: shown ? "ok" : "warn" }, rich("At most {share} of the passed parts are bad, with 95 % confidence.", { share: h("b", {}, percent(most)) }));
  const open = Math.max(0, plan.parts_needed - passes.reviewed);
  const aim = shown || open === 0 ? null : h("p", {}, n("To show {share}: {count} more passed part to review, none of them bad.", "To show {share}: {count} more passed parts to review, none of them bad.", open, { share: percent(plan.escapes_at_most) }));
  return [told, aim];
}

/** What the sample cannot see is said, not hidden. */
function coverage(passes) {
  return [uncovered(passes), withoutPicture(passes)];
}

function uncovered({ uncovered: count, reviewed, parts }) {
  if (count === 0 || reviewed === 0) return null;
  return h("p", { class: "hint" }, n("{count} of {parts} passed parts is of a station of which none was reviewed: the bound counts it as bad.", "{count} of {parts} passed parts are of stations of which none was reviewed: the bound counts them as bad.", count, { parts }));
}

function withoutPicture(passes) {
  if (passes.parts === 0 || passes.with_picture === passes.parts) return null;
  const text = t("The station kept a picture of {kept} of {parts} passed parts; only those can be drawn. Raise keep_pass_fraction at the station to cover more.", { kept: passes.with_picture, parts: passes.parts });
  return h("p", { class: "hint" }, text);
}
