// The analytics page: what a line did in a period; the filters stand in the address.

import { get } from "./api.js";
import { auditPanel } from "./audit_panel.js";
import { complain, flag, h, milliseconds, number, percent, when } from "./dom.js";
import { driftTable } from "./drift_panel.js";
import { byClock, controlChart, countsChart, driftChart, latencyChart, paretoChart } from "./charts.js";
import { fillNames } from "./filters.js";
import { t } from "./language.js";
import { onReturn } from "./link.js";
import { newest } from "./newest.js";
import { reviewersTable } from "./reviewers_panel.js";

const $ = (id) => document.getElementById(id);
const FILTERS = ["recipe", "station", "days", "day", "start", "hours"];
const SHIFT = ["day", "start", "hours"];
const isShift = () => $("days").value === "shift";
const [HOUR_MS, DAY_MS] = [3600000, 86400000];
const state = { answer: null, theme: null };
const asking = newest();
const RULES = { beyond_limits: t("beyond the control limits"), run: t("ninth or later on one side of the mean"), trend: t("sixth or later of a steady rise or fall") };

function parameters() {
  const wanted = isShift() ? new URLSearchParams({ shift_day: $("day").value, shift_start: $("start").value, shift_hours: $("hours").value }) : untilNow(Number($("days").value));
  for (const name of ["recipe", "station"]) if ($(name).value) wanted.set(name, $(name).value);
  return wanted;
}

/** From the beginning of an hour of UTC or a day of this clock, by which parts are counted: the period that is told is the one that is shown. */
function untilNow(days) {
  const until = new Date();
  const [step, width_ms, offset_min] = [days <= 7 ? "hour" : "day", days <= 7 ? HOUR_MS : DAY_MS, -until.getTimezoneOffset()];
  const ahead_ms = step === "day" ? offset_min * 60000 : 0;
  const since = Math.floor((until - days * DAY_MS + ahead_ms) / width_ms) * width_ms - ahead_ms;
  return new URLSearchParams({ since: new Date(since).toISOString(), until: until.toISOString(), step, utc_offset_min: String(offset_min) });
}

async function show() {
  const isNewest = asking();
  $("shift").hidden = !isShift();
  if (isShift() && SHIFT.some((name) => !$(name).value || !$(name).checkValidity())) return complain($("problem"), t("Say on which day the shift begins, at which hour, and how many hours it lasts."));
  const wanted = parameters();
  $("table").href = `/api/v1/analytics.csv?${wanted}`;
  for (const link of document.querySelectorAll("[data-chart]")) link.href = `/api/v1/analytics/${link.dataset.chart}.csv?${wanted}`;
  try {
    const answer = await get(`/analytics?${wanted}`);
    if (!isNewest()) return;
    draw(answer);
    await drawBeyond(answer, isNewest);
    if (isNewest()) complain($("problem"), null);
  } catch (error) {
    if (isNewest()) complain($("problem"), error.message);
  }
}

/** What is of now, or since then, and so no part of a shift's report. */
async function drawBeyond({ since }, isNewest) {
  for (const panel of document.querySelectorAll(".beyond")) panel.hidden = isShift();
  if (isShift()) return;
  const period = `since=${encodeURIComponent(since)}`;
  const narrowed = new URLSearchParams(["recipe", "station"].filter((name) => $(name).value).map((name) => [name, $(name).value]));
  const asked = [audited(since), flag("may-label") ? get(`/review/reviewers?${period}`) : null, get("/stations"), get(`/drift?${narrowed}`)];
  const [audit, reviewers, stations, drift] = await Promise.all(asked);
  if (!isNewest()) return;
  $("audit").replaceChildren(...auditPanel(audit));
  if (reviewers) {
    $("reviewers-table").href = `/api/v1/review/reviewers.csv?${period}`;
    $("reviewers").replaceChildren(...reviewersTable(reviewers));
  }
  $("latency").replaceChildren(...latencyTable(stations));
  $("causes-table").href = `/api/v1/drift.csv?${narrowed}`;
  $("causes").replaceChildren(...driftTable(drift));
}

function audited(since) {
  const recipe = $("recipe").value;
  return recipe ? get(`/review/audit?${new URLSearchParams({ recipe, since })}`) : null;
}

/** "Shift 2026-03-01 22:00 to 2026-03-02 06:00 (UTC+01:00)" */
function period(answer) {
  const ahead = Math.abs(answer.utc_offset_min);
  const zone = `UTC${answer.utc_offset_min < 0 ? "−" : "+"}${String(Math.floor(ahead / 60)).padStart(2, "0")}:${String(ahead % 60).padStart(2, "0")}`;
  const values = { since: byClock(answer.since, answer), until: byClock(answer.until, answer), zone, recipe: $("recipe").value || t("all"), station: $("station").value || t("all") };
  return (isShift() ? t("Shift {since} to {until} ({zone})", values) : t("{since} to {until} ({zone})", values)) + t(" · recipe {recipe} · station {station}", values);
}

function draw(answer) {
  state.answer = answer;
  const parts = answer.passed + answer.failed + answer.undecided;
  $("content").hidden = parts === 0;
  $("empty").hidden = parts > 0;
  $("empty").textContent = t("No part was judged in this period. Choose a longer one, or start a station.");
  $("updated").textContent = when(new Date().toISOString());
  $("period").textContent = period(answer);
  if (parts === 0) return;
  $("figures").replaceChildren(...figures(answer, parts));
  controlChart($("pchart"), answer);
  countsChart($("counts"), answer);
  paretoChart($("pareto"), answer);
  driftChart($("drift"), answer);
  latencyChart($("latency-time"), answer);
  $("signals").replaceChildren(...signals(answer));
  $("people").replaceChildren(...people(answer.reviewed));
}

function figures(answer, parts) {
  const figure = (value, word) => h("div", { class: "figure" }, h("b", {}, value), h("span", {}, word));
  return [
    figure(String(parts), t("parts")),
    figure(percent(answer.yield_fraction, 2), t("yield")),
    figure(String(answer.failed), t("failed parts")),
    figure(String(answer.undecided), t("undecided")),
  ];
}

function signals(answer) {
  const found = answer.buckets.filter((bucket) => bucket.signals.length > 0).slice(-8);
  if (found.length === 0) return [h("li", { class: "ok" }, t("✓ no rule broken"))];
  return found.map((bucket) => h("li", { class: "warn" }, `${byClock(bucket.start, answer)}: ${percent(bucket.failed_fraction)} · `, bucket.signals.map((rule) => RULES[rule]).join(", ")));
}

/** From the last heartbeat of each station that the filters leave. */
function latencyTable(stations) {
  const wanted = stations.filter((station) => station.heartbeat && ["recipe", "station"].every((name) => !$(name).value || station[name === "station" ? "name" : name] === $(name).value));
  if (wanted.length === 0) return [h("tbody", {}, h("tr", {}, h("td", { class: "muted" }, t("No station has reported yet."))))];
  const head = [t("Station"), t("Half of the verdicts within"), t("99 % within"), t("Deadline"), t("Inside the model, half within")];
  const row = ({ name, heartbeat: { latency, deadline_ms: deadline } }) => h("tr", {}, h("th", {}, name), [latency.frame_to_verdict_ms.p50, latency.frame_to_verdict_ms.p99].map((value) => h("td", { class: value > deadline ? "num warn" : "num" }, milliseconds(value))), h("td", { class: "num" }, milliseconds(deadline)), h("td", { class: "num" }, milliseconds(latency.session_run_ms?.p50)));
  return [h("thead", {}, h("tr", {}, head.map((text) => h("th", {}, text)))), h("tbody", {}, wanted.map(row))];
}

function people(reviewed) {
  const rows = Object.entries(reviewed);
  if (rows.length === 0) return [h("tbody", {}, h("tr", {}, h("td", { class: "muted" }, t("Nobody labelled a part of this period."))))];
  return [h("tbody", {}, rows.map(([name, labels]) => h("tr", {}, h("th", {}, name), h("td", { class: "num" }, number(labels, 0)))))];
}

/** A hall wants dark, paper wants light; charts have their colours from the theme. */
function forPaper({ matches }) {
  const page = document.documentElement;
  if (matches) state.theme = page.dataset.theme;
  page.dataset.theme = matches ? "light" : state.theme;
  if (state.answer) draw(state.answer);
}

function remember() {
  const kept = new URLSearchParams(FILTERS.filter((name) => $(name).value && (isShift() || !SHIFT.includes(name))).map((name) => [name, $(name).value]));
  history.replaceState(null, "", `?${kept}`);
  show();
}

async function start() {
  await fillNames($("recipe"), $("station"));
  const asked = new URLSearchParams(location.search);
  $("day").value = when(new Date().toISOString()).slice(0, 10);
  for (const name of FILTERS) if (asked.has(name) && (SHIFT.includes(name) || [...$(name).options].some((option) => option.value === asked.get(name)))) $(name).value = asked.get(name);
  for (const name of FILTERS) $(name).addEventListener("change", remember);
  window.matchMedia("print").addEventListener("change", forPaper);
  $("print").addEventListener("click", () => window.print());
  await show();
  setInterval(() => document.hidden || show(), 60000);
  onReturn(show);
}

start().catch((error) => complain($("problem"), error.message));
