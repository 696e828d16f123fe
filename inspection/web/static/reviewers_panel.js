// How well and how fast each person judges.

import { h, number, percent } from "./dom.js";
import { t } from "./language.js";

const SIGNS = { misses_known_defects: t("calls known defects good"), too_fast: t("decides faster than one can look"), always_the_same: t("fifty times the same answer in a row") };

/** Rows of a table. */
export function reviewersTable(people) {
  if (people.length === 0) return [h("tbody", {}, h("tr", {}, h("td", { class: "muted" }, t("Nobody has judged a part in this period."))))];
  const head = [t("Person"), t("Decisions"), t("Seconds"), t("Known defects missed"), t("Known goods overcalled"), t("Agrees with others"), t("To look into")];
  return [h("thead", {}, h("tr", {}, head.map((text) => h("th", {}, text)))), h("tbody", {}, people.map(row))];
}

function row(person) {
  return h(
    "tr",
    {},
    h("th", {}, person.user),
    h("td", { class: "num" }, String(person.decisions)),
    h("td", { class: "num" }, number(person.seconds_median, 1)),
    share(person.missed, person.known_defects),
    share(person.overcalled, person.known_goods),
    share(person.agreement, person.second_opinions),
    h("td", { class: person.signs.length ? "warn" : "muted" }, person.signs.length ? person.signs.map((sign) => SIGNS[sign]).join("; ") : "–"),
  );
}

function share(estimate, count) {
  if (estimate === null) return h("td", { class: "muted" }, t("none shown yet"));
  const bounds = t("95 % interval {lower} to {upper}", { lower: percent(estimate.lower), upper: percent(estimate.upper) });
  return h("td", { class: "num", title: bounds }, h("b", {}, percent(estimate.value, 0)), h("small", {}, " ", t("of {count}", { count })));
}
