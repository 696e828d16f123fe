// What the gate wrote: a line for each rule, and the parts on which champion and challenger disagree.

import { imageUrl } from "./api.js";
import { h, number, verdictIcon, verdictWord } from "./dom.js";
import { n, t } from "./language.js";
import { told } from "./told.js";
import { labelWord, typeWord } from "./words.js";

const me = document.querySelector('meta[name="user"]')?.content;
const CHECKS = { true: ["yes", "✓", t("holds")], false: ["no", "✗", t("broken")], null: ["told", "·", t("for information")] };

/** The written verdict. */
export function checkList(checks) {
  return h("ul", { class: "checks" }, checks.map(({ passed, text }) => h("li", { class: CHECKS[passed][0] }, h("b", { role: "img", "aria-label": CHECKS[passed][2] }, CHECKS[passed][1]), h("span", {}, told(text)))));
}

/** Pictures, both verdicts, both scores, and what a person says; `actions.pending(id)` is said and not stored yet. */
export function flipList(report, actions) {
  if (!report || report.flips_total === 0) return [];
  const title = n("{count} part judged differently", "{count} parts judged differently", report.flips_total);
  const shown = report.flips.length < report.flips_total ? t(" ({shown} shown)", { shown: report.flips.length }) : "";
  const undo = actions.mayUndo() ? h("button", { type: "button", class: "small", onclick: actions.undo }, t("Undo")) : null;
  return [h("div", { class: "row spread" }, h("h3", {}, title, shown), undo), h("ol", { class: "flips" }, report.flips.map((flip) => flipCard(flip, actions)))];
}

/** One of them; the other model is the champion unless it is named. */
export function flipCard(flip, actions, other = t("champion")) {
  const label = labelOf(flip, actions.pending(flip.result_id));
  const mayJudge = actions.mayLabel && flip.result_id && !label;
  const ask = (answer, word) => h("button", { type: "button", class: "small", onclick: () => actions.label(flip.result_id, answer) }, word);
  return h(
    "li",
    { class: "flip" },
    h("a", { href: imageUrl(flip.sha256, "display"), target: "_blank", rel: "noopener" }, h("img", { src: imageUrl(flip.sha256, "thumb"), alt: flip.source === "holdout" ? t("part of the hold-out") : t("replayed part"), loading: "lazy" })),
    side(other, flip.champion_verdict, flip.champion_score),
    h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    side(t("this model"), flip.challenger_verdict, flip.challenger_score),
    h("span", { class: "flip-label" }, label ? h("b", {}, label) : h("span", { class: "muted" }, t("no label")), mayJudge ? h("span", { class: "row" }, ask("good", t("Good")), ask("defect", t("Defect"))) : null),
  );
}

/** What was said last; null for nothing. */
function labelOf(flip, waiting) {
  if (waiting && waiting.label !== "retracted") return `${labelWord(waiting)} …`;
  const said = flip.labels.filter(({ user }) => !waiting || user !== me).at(-1);
  return said ? labelWord(said) : flip.label ? typeWord(flip.label) : null;
}

function side(name, verdict, score) {
  return h("span", { class: "side" }, h("small", {}, name), h("span", { class: `flip-verdict ${verdict}` }, verdictIcon(verdict), verdictWord(verdict)), h("small", {}, number(score)));
}
