// Versions of a recipe, the evidence for one of them, and who promoted what.

import { imageUrl } from "./api.js";
import { h, number, percent, short, verdictIcon, when } from "./dom.js";

export function versionsPanel({ models, selected, mayChange, job, actions }) {
  if (models.models.length === 0) return [h("h2", {}, "Versions"), h("p", { class: "muted" }, "No model yet. Train the first one above; it appears here with its evaluation.")];
  const busy = job !== null && (job.state === "queued" || job.state === "running");
  const head = ["Version", "Made", "Learnt from", "Threshold", "Gate", ""];
  return [
    h("h2", {}, "Versions"),
    h("div", { class: "scroll" }, h("table", { class: "versions" }, h("thead", {}, h("tr", {}, head.map((text) => h("th", {}, text)))), h("tbody", {}, models.models.map((model) => row(model, { selected, mayChange, busy, actions }))))),
  ];
}

function row(model, { selected, mayChange, busy, actions }) {
  const defects = Object.values(model.defects).reduce((sum, count) => sum + count, 0);
  return h(
    "tr",
    { class: model.id === selected ? "selected" : "", onclick: () => actions.select(model.id) },
    h(
      "td",
      {},
      h("button", { type: "button", class: "link", "aria-expanded": String(model.id === selected) }, h("code", {}, short(model.id))),
      h("span", { class: `role ${model.champion ? "champion" : ""}` }, model.champion ? "★ CHAMPION" : "challenger"),
    ),
    h("td", {}, when(model.created_at).slice(0, 16)),
    h("td", {}, `${model.goods} good, ${defects} defect`),
    h("td", { class: "num" }, number(model.threshold, 3)),
    h("td", {}, gateBadge(model)),
    h("td", { class: "end" }, mayChange && !model.champion ? action(model, busy, actions) : null),
  );
}

function gateBadge(model) {
  if (!model.gate) return h("span", { class: "gate none" }, "○ not run");
  if (!model.gate.passed) return h("span", { class: "gate no" }, "✗ refused");
  return model.champion || model.gate_is_current ? h("span", { class: "gate yes" }, "✓ passed") : h("span", { class: "gate old" }, "↻ outdated");
}

function action(model, busy, actions) {
  const stop = (act) => (event) => {
    event.stopPropagation();
    act();
  };
  if (model.gate?.passed && model.gate_is_current) return h("button", { type: "button", class: "primary small", onclick: stop(() => actions.promote(model)) }, "Promote…");
  if (model.gate && !model.gate.passed && model.gate_is_current) return actions.mayForce ? h("button", { type: "button", class: "danger small", onclick: stop(() => actions.force(model)) }, "Force…") : null;
  return h("button", { type: "button", class: "small", disabled: busy, onclick: stop(() => actions.gate(model.id)) }, "Run gate");
}

export function detailPanel({ models, selected, report, actions }) {
  const model = models.models.find((candidate) => candidate.id === selected);
  if (!model) return [h("h2", {}, "Evaluation"), h("p", { class: "muted" }, "Choose a version.")];
  return [
    h("h2", {}, "Evaluation of ", h("code", {}, short(model.id))),
    h("p", { class: "promise" }, model.promise),
    h("p", { class: "muted" }, `Trunk ${model.trunk}. ${model.origin === "upload" ? "Uploaded" : "Trained here"} ${when(model.registered_at).slice(0, 16)}.`),
    ...(model.gate ? gateDetail(model, report, actions) : [h("p", { class: "reason" }, "The gate has not compared it with the champion yet. Run it; only then can it be promoted.")]),
  ];
}

function gateDetail(model, report, actions) {
  const { evaluation } = model.gate;
  const reasons = evaluation.reasons ?? [];
  return [
    h("p", { class: `gate-verdict ${model.gate.passed ? "yes" : "no"}` }, model.gate.passed ? "✓ The gate passed" : "✗ The gate refused", h("small", {}, model.gate.champion_id ? ` against champion ${short(model.gate.champion_id)}` : " with no champion to compare")),
    model.champion || model.gate_is_current ? null : h("p", { class: "reason" }, "The champion has changed since. Run the gate again before promoting."),
    evaluation.checks?.length ? checkList(evaluation.checks) : reasons.length ? h("ul", { class: `reasons ${model.gate.passed ? "yes" : "no"}` }, reasons.map((text) => h("li", {}, text))) : null,
    comparison(evaluation.champion, evaluation.challenger),
    ...flipList(report, actions),
  ].filter((part) => part !== null);
}

const CHECKS = { true: ["yes", "✓", "holds"], false: ["no", "✗", "broken"], null: ["told", "·", "for information"] };

/** The written verdict, a line for each rule. */
function checkList(checks) {
  return h("ul", { class: "checks" }, checks.map(({ passed, text }) => h("li", { class: CHECKS[passed][0] }, h("b", { role: "img", "aria-label": CHECKS[passed][2] }, CHECKS[passed][1]), h("span", {}, text))));
}

/** Parts on which the two disagree: picture, both verdicts, both scores, and what a person says. */
function flipList(report, actions) {
  if (!report || report.flips_total === 0) return [];
  const shown = report.flips.length < report.flips_total ? ` (${report.flips.length} shown)` : "";
  return [
    h("h3", {}, `${report.flips_total} ${report.flips_total === 1 ? "part" : "parts"} judged differently${shown}`),
    h("ol", { class: "flips" }, report.flips.map((flip) => flipCard(flip, actions))),
  ];
}

function flipCard(flip, actions) {
  const said = flip.labels.at(-1);
  const label = said ? (said.defect_type ?? said.label) : flip.label;
  const side = (name, verdict, score) => h("span", { class: "side" }, h("small", {}, name), h("span", { class: `flip-verdict ${verdict}` }, verdictIcon(verdict), verdict), h("small", {}, number(score)));
  const mayJudge = actions.mayLabel && flip.result_id && !label;
  const ask = (answer, word) => h("button", { type: "button", class: "small", onclick: () => actions.label(flip.result_id, answer) }, word);
  return h(
    "li",
    { class: "flip" },
    h("a", { href: imageUrl(flip.sha256, "display"), target: "_blank", rel: "noopener" }, h("img", { src: imageUrl(flip.sha256, "thumb"), alt: flip.source === "holdout" ? "part of the hold-out" : "replayed part", loading: "lazy" })),
    side("champion", flip.champion_verdict, flip.champion_score),
    h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    side("this model", flip.challenger_verdict, flip.challenger_score),
    h("span", { class: "flip-label" }, label ? h("b", {}, label) : h("span", { class: "muted" }, "no label"), mayJudge ? h("span", { class: "row" }, ask("good", "Good"), ask("defect", "Defect")) : null),
  );
}

const MEASURES = [
  ["image_auroc", "Image AUROC", (value) => number(value, 3), 1],
  ["image_ap", "Average precision", (value) => number(value, 3), 1],
  ["escape_rate", "Escapes (bad passed)", percent, -1],
  ["overkill_rate", "Overkill (good failed)", percent, -1],
];

function comparison(champion, challenger) {
  const types = [...new Set([...Object.keys(champion?.recall ?? {}), ...Object.keys(challenger?.recall ?? {})])].sort();
  const rows = MEASURES.map(([key, name, format, better]) => measureRow(name, champion?.[key], challenger?.[key], format, better));
  const recalls = types.map((type) => measureRow(`Recall on ${type}`, champion?.recall?.[type], challenger?.recall?.[type], percent, 1));
  const counted = `${challenger?.goods ?? "–"} good, ${challenger?.defects ?? "–"} defect`;
  return h("table", { class: "compare" }, h("thead", {}, h("tr", {}, ["On the hold-out", "Champion", "This model", "Change"].map((text) => h("th", {}, text)))), h("tbody", {}, rows, recalls), h("tfoot", {}, h("tr", {}, h("td", { colspan: 4 }, `Measured on ${counted} images that no model was trained on.`))));
}

function measureRow(name, before, after, format, better) {
  return h("tr", {}, h("th", {}, name), h("td", { class: "num" }, format(before)), h("td", { class: "num" }, h("b", {}, format(after))), changeCell(before, after, better));
}

function changeCell(before, after, better) {
  if (typeof before !== "number" || typeof after !== "number") return h("td", { class: "muted" }, "–");
  const difference = (after - before) * better;
  if (Math.abs(difference) < 1e-9) return h("td", { class: "muted" }, "= same");
  return difference > 0 ? h("td", { class: "better" }, "▲ better") : h("td", { class: "worse" }, "▼ worse");
}

const KINDS = { rollback: "↶ rolled back to ", promote: "★ promoted ", force: "⚠ forced past the gate: " };

export function historyPanel({ models, mayChange, actions }) {
  const list = models.promotions.map((entry) => h("li", { class: entry.kind }, h("b", {}, KINDS[entry.kind]), h("code", {}, short(entry.bundle_id)), ` by ${entry.user}, ${when(entry.created_at).slice(0, 16)}`, h("q", {}, entry.reason)));
  const button = mayChange && models.rollback_to ? h("button", { type: "button", class: "danger", id: "rollback", onclick: () => actions.rollback(models.rollback_to) }, `Roll back to ${short(models.rollback_to)}…`) : null;
  return [h("div", { class: "row spread" }, h("h2", {}, "Champions so far"), button), list.length ? h("ol", { class: "history" }, list) : h("p", { class: "muted" }, "No model was promoted yet; stations of this recipe answer UNDECIDED.")];
}
