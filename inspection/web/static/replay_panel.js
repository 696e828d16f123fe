// Champion and challenger on the same replayed parts: who agrees with whom, and how both score.

import { h, number, percent, svg, verdictWord } from "./dom.js";
import { n, t } from "./language.js";

const VERDICTS = ["PASS", "FAIL", "UNDECIDED"];
const [WIDTH, HEIGHT] = [360, 120];

/** Nothing if no part was replayed beside another model, which is the champion unless it is named. */
export function replayPanel(replayed, other = t("champion")) {
  if (!replayed) return [];
  const { parts, agreement, scores } = replayed;
  const same = VERDICTS.reduce((sum, verdict) => sum + agreement[verdict][verdict], 0);
  return [
    h("h3", {}, n("{count} replayed part, judged by both", "{count} replayed parts, judged by both", parts)),
    h("p", {}, t("The same verdict for {share}.", { share: percent(same / parts) })),
    h("div", { class: "scroll" }, table(agreement, other)),
    scores ? histogram(scores, other) : null,
  ].filter((part) => part !== null);
}

function table(agreement, other) {
  const row = (before) => h("tr", {}, h("th", { scope: "row" }, t("{model}: {verdict}", { model: other, verdict: verdictWord(before) })), VERDICTS.map((after) => h("td", { class: `num ${before === after ? "same" : agreement[before][after] ? "differs" : "muted"}` }, String(agreement[before][after]))));
  return h("table", { class: "agreement" }, h("thead", {}, h("tr", {}, h("td", {}), VERDICTS.map((after) => h("th", { class: "num", scope: "col" }, t("this model: {verdict}", { verdict: verdictWord(after) }))))), h("tbody", {}, VERDICTS.map(row)));
}

/** One above the other on one axis, each with its threshold. */
function histogram(scores, other) {
  const { edges } = scores;
  const at = (score) => (WIDTH * (score - edges[0])) / (edges.at(-1) - edges[0] || 1);
  const half = HEIGHT / 2;
  const side = (name, top) => {
    const most = Math.max(...scores[name], 1);
    const bars = scores[name].map((count, index) => svg("rect", { class: name, x: at(edges[index]), width: Math.max(1, at(edges[index + 1]) - at(edges[index]) - 1), y: top + (half - 4) * (1 - count / most), height: ((half - 4) * count) / most }));
    const threshold = at(scores.thresholds[name]);
    return [...bars, svg("line", { class: "threshold-mark", x1: threshold, x2: threshold, y1: top, y2: top + half - 4 })];
  };
  const text = t("Scores of the replayed parts: above the {model}, threshold {before}; below this model, threshold {after}", { model: other, before: number(scores.thresholds.champion), after: number(scores.thresholds.challenger) });
  return h(
    "figure",
    { class: "histogram" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": text, preserveAspectRatio: "none" }, side("champion", 0), side("challenger", half)),
    h("div", { class: "row spread" }, h("small", {}, number(edges[0])), h("small", {}, number(edges.at(-1)))),
    h("figcaption", {}, h("small", {}, text)),
  );
}
