// Which stations run a new model first, which next, and how long each stage waits.

import { get, post } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./language.js";

const MOST = 4;

/** Opens the dialog, with what is to be known before (or null); `done()` is called when the rollout has started. */
export async function askForStages(recipe, bundleId, warning, done) {
  const stations = (await get("/stations")).filter((station) => station.recipe === recipe);
  const dialog = document.getElementById("rollout-dialog");
  const list = document.getElementById("rollout-stations");
  const told = document.getElementById("rollout-warning");
  [told.hidden, told.textContent] = [warning === null, warning ?? ""];
  const rows = byLine(stations).flatMap(([line, members]) => [
    ...(line !== null && members.length > 1 ? [wholeLine(line, list)] : []),
    ...members.map((station) => row(station, proposed(station, stations))),
  ]);
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

/** Lines with their stations, in the order of the first of each. */
function byLine(stations) {
  const found = new Map();
  for (const station of stations) found.set(station.line, [...(found.get(station.line) ?? []), station]);
  return [...found];
}

/** Sets every station of a line at once. */
function wholeLine(line, list) {
  const all = (event) => {
    for (const select of list.querySelectorAll("select[data-line]")) if (select.dataset.line === line) select.value = event.target.value;
    event.target.value = "";
  };
  return h("label", { class: "row spread" }, h("b", {}, t("All of line {line}", { line })), h("select", { name: "line", onchange: all }, h("option", { value: "" }, t("one by one")), choices(null)));
}

function row({ name, line }, chosen) {
  return h("label", { class: "row spread" }, h("span", {}, name, line ? h("small", {}, " ", t("line {line}", { line })) : null), h("select", { name: "stage", "data-station": name, "data-line": line }, choices(chosen)));
}

function choices(chosen) {
  const stages = Array.from({ length: MOST }, (_, index) => index + 1);
  return [...stages.map((stage) => h("option", { value: stage, selected: stage === chosen }, t("stage {number}", { number: stage }))), h("option", { value: 0, selected: chosen === 0 }, t("last, with all"))];
}

/** The stations of each stage that has any, in order. */
function stagesOf(list) {
  const chosen = [...list.querySelectorAll("select[data-station]")];
  const stages = Array.from({ length: MOST }, (_, index) => chosen.filter((select) => Number(select.value) === index + 1).map((select) => select.dataset.station));
  return stages.filter((stage) => stage.length > 0);
}
