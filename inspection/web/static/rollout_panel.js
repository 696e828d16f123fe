// A bundle on its way to the stations, stage by stage, with what is seen at each.

import { h, milliseconds, percent, short, when } from "./dom.js";
import { rich, t } from "./language.js";
import { told } from "./told.js";

const STATES = { running: t("under way"), halted: t("halted"), finished: t("finished") };
const STEPS = { start: t("started"), advance: t("advanced"), halt: t("halted"), finish: t("finished") };
const MEASURES = { undecided: t("dropped, late or undecided"), fail_rate: t("failed"), latency: t("slower than the limit"), ledger: t("dropped, late or undecided by its ledger") };

/** The newest rollout of a recipe; nothing if there was none. */
export function rolloutPanel(rollout, mayChange, actions) {
  if (!rollout) return [];
  const running = rollout.state === "running";
  const last = rollout.stage + 1 >= rollout.stages.length;
  const buttons = running && mayChange ? h("div", { class: "row" }, h("button", { type: "button", class: "primary small", id: "advance", onclick: actions.advance }, last ? t("Finish: promote everywhere…") : t("Next stage…")), h("button", { type: "button", class: "danger small", id: "halt", onclick: actions.halt }, t("Halt…"))) : null;
  return [
    h("div", { class: "row spread" }, h("h2", {}, ...rich("Rollout of {bundle}", { bundle: h("code", {}, short(rollout.bundle_id)) }), " ", h("span", { class: `rollout-state ${rollout.state}` }, STATES[rollout.state])), buttons),
    stageList(rollout, running),
    running ? h("p", { class: "muted" }, waits(rollout)) : null,
    running ? evidence(rollout.evidence) : null,
    h("ol", { class: "history" }, rollout.steps.map(step)),
  ].filter((part) => part !== null);
}

/** Every stage, and the promotion at the end: what is behind, where it stands, what is to come. */
function stageList(rollout, running) {
  const done = rollout.state === "finished";
  const word = (index) => (done || index < rollout.stage ? t("✓ done") : index === rollout.stage && running ? t("▶ here") : index === rollout.stage ? t("■ halted here") : t("○ to come"));
  const line = (stations, index) => h("li", { "aria-current": running && index === rollout.stage ? "step" : null }, h("b", {}, t("Stage {stage} of {stages}: {stations}", { stage: index + 1, stages: rollout.stages.length, stations: stations.join(", ") })), " ", h("span", { class: "muted" }, word(index)));
  return h("ol", { class: "stages" }, rollout.stages.map(line), h("li", {}, h("b", {}, t("Promotion: all stations")), " ", h("span", { class: "muted" }, done ? t("✓ done") : t("○ to come"))));
}

function waits({ wait_min: minutes, advance_parts: parts, steps }) {
  if (minutes === null) return t("It goes on when somebody says so.");
  const since = new Date(steps.at(-1).created_at);
  return t("It goes on by itself from {time}, once each station has judged {parts} parts within its band.", { time: when(new Date(since.getTime() + minutes * 60000).toISOString()).slice(0, 16), parts });
}

function evidence(stations) {
  if (stations.length === 0) return h("p", { class: "muted" }, t("Nothing seen yet."));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, [t("Station"), t("Parts"), t("Measure"), t("Champion"), t("This model"), ""].map((text) => h("th", {}, text)))), h("tbody", {}, stations.flatMap(rows))));
}

function rows(station) {
  const name = [h("th", {}, station.station), h("td", { class: "num" }, String(station.parts))];
  if (station.refused) return [h("tr", {}, name, h("td", { class: "warn", colspan: 4 }, told(station.refused)))];
  if (station.findings.length === 0) return [h("tr", {}, name, h("td", { class: "muted", colspan: 4 }, t("too few parts to tell")))];
  return station.findings.map((finding, index) =>
    h(
      "tr",
      {},
      index === 0 ? name : [h("th", {}), h("td", {})],
      h("td", {}, MEASURES[finding.measure] ?? finding.measure, finding.limit_ms === null ? null : ` (${milliseconds(finding.limit_ms)})`),
      h("td", { class: "num" }, percent(finding.champion)),
      h("td", { class: "num" }, h("b", {}, percent(finding.challenger))),
      h("td", { class: finding.halts ? "worse" : "muted" }, finding.halts ? t("✗ out of its band") : t("as expected")),
    ),
  );
}

function step(entry) {
  const who = entry.user === "system" ? t("by itself") : entry.user;
  return h("li", { class: entry.kind }, `${STEPS[entry.kind] ?? entry.kind}, ${who}, ${when(entry.created_at).slice(0, 16)}`, h("q", {}, told(entry.reason)));
}
