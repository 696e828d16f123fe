// Versions of a recipe, the evidence for one of them, and who promoted what.

import { h, number, percent, short, when } from "./dom.js";
import { checkList, flipList } from "./gate_panel.js";
import { n, rich, t } from "./language.js";
import { lineagePanel } from "./lineage_panel.js";
import { measuredPanel } from "./measured_panel.js";
import { replayPanel } from "./replay_panel.js";
import { thresholdPanel } from "./threshold_panel.js";
import { told } from "./told.js";
import { typeWord } from "./words.js";

export function versionsPanel({ models, selected, mayChange, job, actions }) {
  if (models.models.length === 0) return [h("h2", {}, t("Versions")), h("p", { class: "muted" }, t("No model yet. Train the first one above; it appears here with its evaluation."))];
  const busy = job !== null && (job.state === "queued" || job.state === "running");
  const head = [t("Version"), t("Made"), t("Learnt from"), t("Threshold"), t("Gate"), ""];
  return [
    h("h2", {}, t("Versions")),
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
      h("span", { class: `role ${model.champion ? "champion" : ""}` }, model.champion ? t("★ CHAMPION") : t("challenger")),
    ),
    h("td", {}, when(model.created_at).slice(0, 16)),
    h("td", {}, t("{goods} good, {defects} defect", { goods: model.goods, defects })),
    h("td", { class: "num" }, number(model.threshold, 3)),
    h("td", {}, gateBadge(model)),
    h("td", { class: "end" }, mayChange && !model.champion ? action(model, busy, actions) : null),
  );
}

function gateBadge(model) {
  if (!model.gate) return h("span", { class: "gate none" }, t("○ not run"));
  if (!model.gate.passed) return h("span", { class: "gate no" }, t("✗ refused"));
  return model.champion || model.gate_is_current ? h("span", { class: "gate yes" }, t("✓ passed")) : h("span", { class: "gate old" }, t("↻ outdated"));
}

function action(model, busy, actions) {
  const stop = (act) => (event) => {
    event.stopPropagation();
    act();
  };
  const gate = h("button", { type: "button", class: "small", disabled: busy, onclick: stop(() => actions.gate(model.id)) }, t("Run gate"));
  const again = heldoutSince(model) === null ? null : gate;
  if (model.gate?.passed && model.gate_is_current) return h("span", { class: "row" }, again, actions.mayStage() ? h("button", { type: "button", class: "small", onclick: stop(() => actions.stage(model)) }, t("In stages…")) : null, h("button", { type: "button", class: "primary small", onclick: stop(() => actions.promote(model)) }, t("Promote…")));
  if (model.gate && !model.gate.passed && model.gate_is_current) return h("span", { class: "row" }, again, actions.mayForce ? h("button", { type: "button", class: "danger small", onclick: stop(() => actions.force(model)) }, t("Force…")) : null);
  return gate;
}

/** What the gate says nothing of, in words; null if it knew all that people say of the hold-out. */
export function heldoutSince({ heldout_since_gate: since }) {
  const count = (since?.goods ?? 0) + (since?.defects ?? 0);
  if (count === 0) return null;
  return n("{count} part of the hold-out was labelled since the gate ran ({defects} defective), and it says nothing of it. Run the gate again to compare on it, too.", "{count} parts of the hold-out were labelled since the gate ran ({defects} defective), and it says nothing of them. Run the gate again to compare on them, too.", count, { defects: since.defects });
}

export function detailPanel({ models, selected, report, mayChange, opened, actions }) {
  const model = models.models.find((candidate) => candidate.id === selected);
  if (!model) return [h("h2", {}, t("Evaluation")), h("p", { class: "muted" }, t("Choose a version."))];
  return [
    h("h2", {}, ...rich("Evaluation of {bundle}", { bundle: h("code", {}, short(model.id)) })),
    h("p", { class: "promise" }, told(model.promise)),
    h("p", { class: "muted" }, t("Trunk {trunk}.", { trunk: model.trunk }), " ", origin(model)),
    lineagePanel(models.recipe, model, opened, actions.select),
    ...(model.gate ? gateDetail(model, report, actions) : [h("p", { class: "reason" }, t("The gate has not compared it with the champion yet. Run it; only then can it be promoted."))]),
    mayChange && !model.champion && models.champion_id ? h("button", { type: "button", class: "small", onclick: () => actions.shadow(model) }, t("Try it beside the champion…")) : null,
    model.gate ? h("a", { href: `/api/v1/recipes/${encodeURIComponent(models.recipe)}/models/${model.id}/report`, download: "" }, t("Report of the evaluation, a file")) : null,
    measuredPanel(models, model, mayChange, opened, actions.start),
    thresholdPanel(models.recipe, model, mayChange, actions.start),
  ].filter((part) => part !== null);
}

function origin(model) {
  const date = when(model.registered_at).slice(0, 16);
  if (model.origin === "threshold") return t("Another threshold, set by a person {date}.", { date });
  if (model.origin === "accept") return t("Taught to tolerate what was accepted as good {date}.", { date });
  return model.origin === "upload" ? t("Uploaded {date}.", { date }) : t("Trained here {date}.", { date });
}

function gateDetail(model, report, actions) {
  const { evaluation } = model.gate;
  const reasons = evaluation.reasons ?? [];
  return [
    h("p", { class: `gate-verdict ${model.gate.passed ? "yes" : "no"}` }, model.gate.passed ? t("✓ The gate passed") : t("✗ The gate refused"), h("small", {}, " ", model.gate.champion_id ? t("against champion {bundle}", { bundle: short(model.gate.champion_id) }) : t("with no champion to compare"))),
    model.champion || model.gate_is_current ? null : h("p", { class: "reason" }, t("The champion has changed since. Run the gate again before promoting.")),
    heldoutSince(model) === null ? null : h("p", { class: "reason" }, heldoutSince(model)),
    evaluation.checks?.length ? checkList(evaluation.checks) : reasons.length ? h("ul", { class: `reasons ${model.gate.passed ? "yes" : "no"}` }, reasons.map((text) => h("li", {}, told(text)))) : null,
    comparison(evaluation.champion, evaluation.challenger),
    ...replayPanel(evaluation.replayed),
    ...flipList(report, actions),
  ].filter((part) => part !== null);
}

const MEASURES = [
  ["image_auroc", t("Image AUROC"), (value) => number(value, 3), 1],
  ["image_ap", t("Average precision"), (value) => number(value, 3), 1],
  ["escape_rate", t("Escapes (bad passed)"), percent, -1],
  ["overkill_rate", t("Overkill (good failed)"), percent, -1],
];

function comparison(champion, challenger) {
  const types = [...new Set([...Object.keys(champion?.recall ?? {}), ...Object.keys(challenger?.recall ?? {})])].sort();
  const rows = MEASURES.map(([key, name, format, better]) => measureRow(name, champion?.[key], challenger?.[key], format, better));
  const recalls = types.map((type) => measureRow(t("Recall on {type}", { type: typeWord(type) }), champion?.recall?.[type], challenger?.recall?.[type], percent, 1));
  const counts = { goods: challenger?.goods ?? "–", defects: challenger?.defects ?? "–" };
  return h("table", { class: "compare" }, h("thead", {}, h("tr", {}, [t("On the hold-out"), t("Champion"), t("This model"), t("Change")].map((text) => h("th", {}, text)))), h("tbody", {}, rows, recalls), h("tfoot", {}, h("tr", {}, h("td", { colspan: 4 }, t("Measured on {goods} good, {defects} defect images that no model was trained on.", counts)))));
}

function measureRow(name, before, after, format, better) {
  return h("tr", {}, h("th", {}, name), h("td", { class: "num" }, format(before)), h("td", { class: "num" }, h("b", {}, format(after))), changeCell(before, after, better));
}

function changeCell(before, after, better) {
  if (typeof before !== "number" || typeof after !== "number") return h("td", { class: "muted" }, "–");
  const difference = (after - before) * better;
  if (Math.abs(difference) < 1e-9) return h("td", { class: "muted" }, t("= same"));
  return difference > 0 ? h("td", { class: "better" }, t("▲ better")) : h("td", { class: "worse" }, t("▼ worse"));
}

function step(entry) {
  const values = { bundle: h("code", {}, short(entry.bundle_id)), user: entry.user, date: when(entry.created_at).slice(0, 16) };
  if (entry.kind === "force") return ["⚠ ", ...rich("{bundle} forced past the gate by {user}, {date}", values)];
  return entry.kind === "rollback" ? ["↶ ", ...rich("rolled back to {bundle} by {user}, {date}", values)] : ["★ ", ...rich("promoted {bundle} by {user}, {date}", values)];
}

export function historyPanel({ models, mayChange, actions }) {
  const list = models.promotions.map((entry) => h("li", { class: entry.kind }, ...step(entry), h("q", {}, entry.reason)));
  const button = mayChange && models.rollback_to ? h("button", { type: "button", class: "danger", id: "rollback", onclick: () => actions.rollback(models.rollback_to) }, t("Roll back to {bundle}…", { bundle: short(models.rollback_to) })) : null;
  return [h("div", { class: "row spread" }, h("h2", {}, t("Champions so far")), button), list.length ? h("ol", { class: "history" }, list) : h("p", { class: "muted" }, t("No model was promoted yet; stations of this recipe answer UNDECIDED."))];
}
