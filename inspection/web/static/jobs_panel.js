// The jobs of a recipe so far: who asked, how they ended, what they said.

import { get } from "./api.js";
import { age, h, when } from "./dom.js";
import { lazyPanel } from "./lazy_panel.js";
import { t } from "./language.js";
import { told } from "./told.js";
import { JOB_KINDS, JOB_STATES } from "./training_panel.js";

const SHOWN = 50;

/** One closed panel. */
export function jobsPanel(recipe, opened) {
  return [
    lazyPanel(t("Jobs so far"), opened, async () => {
      const jobs = await get(`/jobs?recipe=${encodeURIComponent(recipe)}&limit=${SHOWN}`);
      if (jobs.length === 0) return [h("p", { class: "muted" }, t("Nothing was trained here yet."))];
      const log = h("pre", { class: "job-log", hidden: true, tabindex: 0 });
      const heads = [t("Asked for"), t("Job"), t("Who"), t("Took"), t("How it ended"), ""];
      return [h("div", { class: "scroll" }, h("table", { class: "jobs" }, h("thead", {}, h("tr", {}, heads.map((text) => h("th", {}, text)))), h("tbody", {}, jobs.map((job) => row(job, log))))), log];
    }),
  ];
}

function row(job, log) {
  const took = job.started_at && job.finished_at ? age((new Date(job.finished_at) - new Date(job.started_at)) / 1000) : "–";
  const read = async () => {
    log.textContent = (await get(`/jobs/${job.id}`)).log.join("\n") || t("empty so far");
    log.hidden = false;
    log.scrollIntoView({ block: "nearest" });
  };
  return h(
    "tr",
    { class: job.state },
    h("td", {}, when(job.created_at).slice(0, 16)),
    h("th", {}, JOB_KINDS[job.kind] ?? job.kind),
    h("td", {}, job.user === "system" ? t("by itself") : job.user),
    h("td", { class: "num" }, took),
    h("td", {}, JOB_STATES[job.state], job.error ? h("small", { class: "warn" }, " ", told(job.error)) : null),
    h("td", { class: "end" }, h("button", { type: "button", class: "small", onclick: read }, t("Log"))),
  );
}
