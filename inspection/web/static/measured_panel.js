// A version measured apart from the gate: on the hold-out by itself, or on the newest parts of the line beside the champion.

import { get } from "./api.js";
import { h, number, percent, short, when } from "./dom.js";
import { flipCard } from "./gate_panel.js";
import { lazyPanel } from "./lazy_panel.js";
import { n, rich, t } from "./language.js";
import { replayPanel } from "./replay_panel.js";
import { told } from "./told.js";
import { JOB_KINDS, JOB_STATES } from "./training_panel.js";
import { typeWord } from "./words.js";

const LOOKED_AT = 100;
const ONLY_SHOWN = { mayLabel: false, pending: () => undefined };

/** One closed panel: what was measured last of each kind, and buttons that measure again. */
export function measuredPanel(models, model, mayChange, opened, start) {
  const { recipe, champion_id: champion } = models;
  return lazyPanel(t("Measured apart from the gate"), opened, async () => {
    const jobs = (await get(`/jobs?recipe=${encodeURIComponent(recipe)}&limit=${LOOKED_AT}`)).filter((job) => job.parameters.bundle_id === model.id);
    const button = (kind, text) => h("button", { type: "button", class: "small", onclick: () => start({ kind, bundle_id: model.id }) }, text);
    const buttons = mayChange ? h("div", { class: "row" }, button("evaluate", t("Evaluate on the hold-out")), champion && champion !== model.id ? button("replay", t("Replay the newest parts")) : null) : null;
    const shown = ["evaluate", "replay"].map((kind) => jobs.find((job) => job.kind === kind)).filter((job) => job !== undefined);
    return [buttons, ...(shown.length ? shown.flatMap((job) => measured(recipe, job)) : [h("p", { class: "muted" }, t("Nothing measured yet. It decides nothing; a promotion needs the gate."))])].filter((part) => part !== null);
  });
}

function measured(recipe, job) {
  const head = h("h3", {}, JOB_KINDS[job.kind], " ", h("small", {}, `${when(job.created_at).slice(0, 16)}, ${job.user}`));
  if (job.state !== "succeeded") return [head, h("p", { class: job.error ? "warn" : "muted" }, job.error ? told(job.error) : JOB_STATES[job.state])];
  return [head, ...(job.kind === "evaluate" ? evaluation(recipe, job.result) : replay(job.result))];
}

function evaluation(recipe, { bundle_id: bundle, evaluation: found }) {
  const rows = [
    [t("Image AUROC"), number(found.image_auroc, 3)],
    [t("Escapes (bad passed)"), `${found.escapes} / ${found.defects}, ${percent(found.escape_rate)}`],
    [t("Overkill (good failed)"), `${found.overkill} / ${found.goods}, ${percent(found.overkill_rate)}`],
    ...Object.entries(found.recall ?? {}).map(([type, share]) => [t("Recall on {type}", { type: typeWord(type) }), percent(share)]),
  ];
  return [
    h("table", { class: "compare" }, h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", {}, name), h("td", { class: "num" }, value))))),
    h("a", { href: `/api/v1/recipes/${encodeURIComponent(recipe)}/models/${bundle}/report`, download: "" }, t("Report of the evaluation, a file")),
  ];
}

function replay({ against, replayed, flips, flipped, labelled, better, worse }) {
  return [
    h("p", {}, ...rich("Beside {bundle}: ", { bundle: h("code", {}, short(against)) }), n("{count} part judged differently", "{count} parts judged differently", flips), ". ", labelled ? t("Of {labelled} labelled parts {better} are right only by this model, {worse} only by the other.", { labelled, better, worse }) : t("None of the parts is labelled.")),
    ...replayPanel(replayed, t("other model")),
    flipped.length ? h("ol", { class: "flips" }, flipped.map((flip) => flipCard({ ...flip, sha256: flip.file.split(".")[0], labels: [] }, ONLY_SHOWN, t("other model")))) : null,
  ].filter((part) => part !== null);
}
