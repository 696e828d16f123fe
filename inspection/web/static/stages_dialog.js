// Which stations run a new model first, which next, and how long each stage waits.

import { get, post } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./language.js";

const MOST = 4;

/** Opens the dialog; `done()` is called when the rollout has started. */
export async function askForStages(recipe, bundleId, done) {
  const stations = (await get("/stations")).filter((station) => station.recipe === recipe);
  const dialog = document.getElementById("rollout-dialog");
  const list = document.getElementById("rollout-stations");
  const rows = stations.map((station) => row(station, proposed(station, stations)));
  list.replaceChildren(list.querySelector("legend"), ...(rows.length ? rows : [h("p", { class: "muted" }, t("No station of this recipe."))]));
  dialog.querySelector("form").reset();
  ask(dialog, async (fields) => {
    const wait = fields.wait.value;
    await post(`/recipes/${encodeURIComponent(recipe)}/rollouts`, { bundle_id: bundleId, stages: stagesOf(list), wait_min: wait === "" ? null : Number(wait), reason: fields.reason.value });
    done();
  });
}

/** One station, then the others of its line, then all. */
function proposed(station, stations) {
  if (station === stations[0]) return 1;
  return station.line !== null && station.line === stations[0].line ? 2 : 0;
}

function row({ name, line }, chosen) {
  const stages = Array.from({ length: MOST }, (_, index) => index + 1);
  const options = [...stages.map((stage) => h("option", { value: stage, selected: stage === chosen }, t("stage {number}", { number: stage }))), h("option", { value: 0, selected: chosen === 0 }, t("last, with all"))];
  return h("label", { class: "row spread" }, h("span", {}, name, line ? h("small", {}, " ", t("line {line}", { line })) : null), h("select", { name: "stage", "data-station": name }, options));
}

/** The stations of each stage that has any, in order. */
function stagesOf(list) {
  const chosen = [...list.querySelectorAll("select")];
  const stages = Array.from({ length: MOST }, (_, index) => chosen.filter((select) => Number(select.value) === index + 1).map((select) => select.dataset.station));
  return stages.filter((stage) => stage.length > 0);
}
