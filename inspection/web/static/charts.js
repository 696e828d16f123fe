// The charts, drawn by plotly, which is served from its installed package.

import { t } from "./language.js";
import { LOCALE } from "./plotly_language.js";
import { typeWord } from "./words.js";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(`--${name}`).trim();
const CONFIG = { locale: LOCALE, displaylogo: false, showSendToCloud: false, responsive: true, modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };

function plot(element, traces, layout) {
  const axis = { gridcolor: colour("line"), zerolinecolor: colour("line") };
  const base = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("text"), family: "inherit" }, margin: { l: 56, r: 16, t: 12, b: 44 }, legend: { orientation: "h", y: 1.12 }, height: 280 };
  window.Plotly.react(element, traces, { ...base, ...layout, xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, rangemode: "tozero", ...layout.yaxis } }, CONFIG);
}

/** An instant by the clock of the answer; plotly would show it in UTC, and a day of the plant under the date before. */
export const byClock = (instant, answer) => new Date(Date.parse(instant) + answer.utc_offset_min * 60000).toISOString().slice(0, 16).replace("T", " ");
const starts = (answer) => answer.buckets.map((bucket) => byClock(bucket.start, answer));
const TIMES = { tickformat: "%m-%d", tickformatstops: [{ dtickrange: [null, 43200000], value: "%H:%M\n%m-%d" }] };
const line = (name, x, y, dash, stroke) => ({ name, x, y, mode: "lines", line: { dash, color: stroke, width: 1.5, shape: "hvh" }, hoverinfo: "skip" });

/** Fraction of failed parts with its limits; broken rules as large red diamonds. */
export function controlChart(element, answer) {
  const { buckets, centre } = answer;
  const x = starts(answer);
  const bad = buckets.filter((bucket) => bucket.signals.length > 0);
  plot(
    element,
    [
      line(t("control limits"), x, buckets.map((bucket) => bucket.upper), "dash", colour("muted")),
      { ...line(t("control limits"), x, buckets.map((bucket) => bucket.lower), "dash", colour("muted")), showlegend: false },
      line(t("mean"), x, buckets.map(() => centre), "dot", colour("muted")),
      { name: t("failed parts"), x, y: buckets.map((bucket) => bucket.failed_fraction), mode: "lines+markers", line: { color: colour("accent") }, connectgaps: false },
      { name: t("rule broken"), x: bad.map((bucket) => byClock(bucket.start, answer)), y: bad.map((bucket) => bucket.failed_fraction), mode: "markers", marker: { color: colour("fail"), size: 13, symbol: "diamond" } },
    ],
    { xaxis: TIMES, yaxis: { tickformat: ".1%" } },
  );
}

/** Stacked counts. */
export function countsChart(element, answer) {
  const bar = (name, key, fill, shape) => ({ name, x: starts(answer), y: answer.buckets.map((bucket) => bucket[key]), type: "bar", marker: { color: fill, pattern: { shape } } });
  plot(element, [bar(t("PASS"), "passed", colour("pass"), ""), bar(t("FAIL"), "failed", colour("fail"), "/"), bar(t("UNDECIDED"), "undecided", colour("undecided"), "x")], { barmode: "stack", xaxis: TIMES });
}

/** What fits below a bar; beside the pointer stands all of it. */
const fitting = (name) => (name.length > 14 ? `${name.slice(0, 13)}…` : name);

/** Confirmed types where people named them, else what the models suspected; with the running share. */
export function paretoChart(element, answer) {
  const confirmed = Object.keys(answer.confirmed).length > 0;
  const entries = Object.entries(confirmed ? answer.confirmed : answer.suspected).sort((a, b) => b[1] - a[1]);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const x = entries.map(([name]) => (name ? typeWord(name) : t("not named")));
  const shares = entries.map((_, index) => entries.slice(0, index + 1).reduce((sum, [, count]) => sum + count, 0) / total);
  plot(
    element,
    [
      { name: confirmed ? t("confirmed by people") : t("suspected by the model"), x, y: entries.map(([, count]) => count), type: "bar", marker: { color: colour("accent") } },
      { name: t("running share"), x, y: shares, yaxis: "y2", mode: "lines+markers", line: { color: colour("undecided") } },
    ],
    { margin: { l: 56, r: 56, t: 12, b: 44 }, xaxis: { tickvals: x, ticktext: x.map(fitting), automargin: true }, yaxis2: { overlaying: "y", side: "right", range: [0, 1.05], tickformat: ".0%", showgrid: false } },
  );
}

/** The mean score of passed parts: it moves before parts fail. */
export function driftChart(element, answer) {
  plot(element, [{ name: t("mean score"), x: starts(answer), y: answer.buckets.map((bucket) => bucket.mean_pass_score), mode: "lines+markers", line: { color: colour("pass") } }], { xaxis: TIMES });
}

/** Half and 99 % of the verdicts within, against the deadline. */
export function latencyChart(element, answer) {
  const x = starts(answer);
  const within = (name, key, stroke, dash) => ({ name, x, y: answer.buckets.map((bucket) => bucket[key]), mode: "lines+markers", line: { color: stroke, dash }, connectgaps: false });
  const deadline = answer.deadline_ms === null ? [] : [line(t("deadline"), x, x.map(() => answer.deadline_ms), "dash", colour("fail"))];
  plot(element, [within(t("half within"), "p50_ms", colour("accent"), "solid"), within(t("99 % within"), "p99_ms", colour("undecided"), "dot"), ...deadline], { xaxis: TIMES, yaxis: { ticksuffix: " ms" } });
}
