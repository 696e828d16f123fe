// What a new model could learn from, the button that starts it, and how far it is.

import { h, percent } from "./dom.js";
import { t } from "./language.js";
import { told } from "./told.js";
import { typeWord } from "./words.js";

/** Words of what a job does and how it stands. */
export const JOB_KINDS = { train: t("training"), gate: t("gate"), threshold: t("threshold"), accept: t("accepting as good"), evaluate: t("evaluation"), replay: t("replay") };
export const JOB_STATES = { queued: t("waiting"), running: t("running"), succeeded: t("done"), failed: t("failed"), cancelled: t("cancelled") };

export function trainingPanel({ models, job, mayChange, logOpen, actions }) {
  const busy = job !== null && (job.state === "queued" || job.state === "running");
  return [
    h("div", { class: "training-head" }, dataCounts(models), mayChange ? button(models, busy, actions) : null),
    h("p", { class: "problem", role: "alert", hidden: true }),
    job ? jobLine(job, busy, mayChange, logOpen, actions) : h("p", { class: "muted" }, t("Nothing was trained here yet.")),
  ];
}

function dataCounts({ samples, waiting }) {
  const goods = samples.goods.train + samples.goods.holdout;
  const types = mergeCounts(samples.defects);
  const defects = Object.values(types).reduce((sum, count) => sum + count, 0);
  const held = samples.goods.holdout + Object.values(samples.defects.holdout).reduce((sum, count) => sum + count, 0);
  const cell = (value, word, extra) => h("div", { class: "figure" }, h("b", {}, String(value)), h("span", {}, word), extra ? h("small", {}, extra) : null);
  return h(
    "div",
    { class: "figures" },
    cell(goods, t("good images")),
    cell(defects, t("defect images"), Object.entries(types).map(([type, count]) => `${typeWord(type)} ${count}`).join(", ")),
    cell(held, t("held out"), t("test only, never trained on")),
    cell(waiting.good + waiting.defect, t("new labels"), t("since the last model: {good} good, {defect} defect", waiting)),
  );
}

function mergeCounts(bySplit) {
  const merged = {};
  for (const counts of Object.values(bySplit)) for (const [type, count] of Object.entries(counts)) merged[type] = (merged[type] ?? 0) + count;
  return merged;
}

function button({ samples, models }, busy, actions) {
  const none = samples.goods.train === 0;
  const word = models.length ? t("Retrain") : t("Train first model");
  // What somebody is typing outlives a redrawing: labels and jobs may come in meanwhile.
  const typed = document.getElementById("why");
  const why = h("input", { id: "why", value: typed?.value ?? "", maxlength: 500, placeholder: t("why, if you like"), "aria-label": t("Why it is trained") });
  if (typed && typed === document.activeElement) queueMicrotask(() => why.focus());
  return h(
    "div",
    { class: "train-button" },
    busy || none ? null : why,
    h("button", { type: "button", class: "primary", id: "train", disabled: busy || none, onclick: () => actions.train(why.value.trim()) }, busy ? t("Training…") : word),
    none ? h("small", {}, t("upload images of good parts first")) : null,
  );
}

function jobLine(job, busy, mayChange, logOpen, actions) {
  const progress = h("div", { class: "progress", role: "progressbar", "aria-label": JOB_KINDS[job.kind] ?? job.kind, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(100 * job.progress)) }, h("i"));
  progress.style.setProperty("--value", `${100 * job.progress}%`);
  const log = h("details", { open: logOpen, ontoggle: (event) => actions.toggleLog(event.target.open) }, h("summary", {}, t("Log")), h("pre", {}, job.log.join("\n") || t("empty so far")));
  return h(
    "div",
    { class: `job ${job.state}` },
    h("div", { class: "row" }, h("b", { class: "job-state" }, JOB_KINDS[job.kind] ?? job.kind, " ", JOB_STATES[job.state]), h("span", { class: `step ${job.result?.gate?.passed === false ? "no" : ""}` }, busy ? told(job.step) : outcome(job)), h("span", { class: "share" }, busy ? percent(job.progress, 0) : ""), busy && mayChange ? h("button", { type: "button", class: "quiet", disabled: job.cancel_requested, onclick: () => actions.cancel(job.id) }, job.cancel_requested ? t("Stopping…") : t("Cancel")) : null),
    busy ? progress : null,
    log,
  );
}

function outcome(job) {
  if (job.error) return told(job.error);
  if (job.state !== "succeeded") return "";
  if (job.result.nothing_to_forget) return t("nothing to undo: the champion was never taught it");
  if (job.result.nothing_to_teach) return t("nothing to teach: the champion passes these parts already");
  if (job.result.only_tests) return t("nothing to teach: all accepted parts are held out, or were taken beside what is");
  if (!job.result.gate) return t("{bundle}: measured, see there", { bundle: job.result.bundle_id.slice(0, 10) });
  return job.result.gate.passed ? t("{bundle}: the gate passed", { bundle: job.result.bundle_id.slice(0, 10) }) : t("{bundle}: the gate refused it", { bundle: job.result.bundle_id.slice(0, 10) });
}
