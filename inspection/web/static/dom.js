// Building elements and words. Text is only ever set as text, never as markup.

import { rich, t } from "./language.js";

/** h("p", {class: "muted"}, "text", child, null) */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** For a button whose first click brings something else under the pointer: the second of a double click is not meant for that. */
export const once = (act) => (event) => event.detail < 2 && act(event);

const SHAPES = {
  PASS: [["circle", { cx: 12, cy: 12, r: 11 }], ["path", { class: "cut", d: "M6.5 12.5 10.5 16.5 17.5 8" }]],
  FAIL: [["path", { d: "M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z" }], ["path", { class: "cut", d: "M7.5 7.5l9 9M16.5 7.5l-9 9" }]],
  UNDECIDED: [["path", { d: "M12 1 23.5 22H.5z" }], ["path", { class: "cut", d: "M12 8.5v6.5M12 18v1" }]],
};

const VERDICTS = { PASS: t("PASS"), FAIL: t("FAIL"), UNDECIDED: t("UNDECIDED") };

/** The word of a verdict. */
export const verdictWord = (verdict) => VERDICTS[verdict] ?? verdict;

/** Circle, octagon or triangle: a verdict that can be told without colour. */
export function verdictIcon(verdict) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: `shape ${verdict}`, "aria-hidden": "true" },
    SHAPES[verdict].map(([tag, attributes]) => svg(tag, attributes)),
  );
}

/** Shape, colour and word together. */
export function verdictBadge(verdict, size = "") {
  return h("div", { class: `verdict ${verdict} ${size}`, role: "img", "aria-label": t("verdict {verdict}", { verdict: verdictWord(verdict) }) }, verdictIcon(verdict), h("b", {}, verdictWord(verdict)));
}

/** A bar from 0 with the threshold marked; FAIL is right of the mark. */
export function scoreBar(score, threshold) {
  if (score === null || score === undefined || threshold === null || threshold === undefined) {
    return h("p", { class: "muted score-none" }, t("no score: the part could not be judged"));
  }
  const top = Math.max(threshold * 2, score * 1.15, 1e-9);
  const bar = h("div", { class: `score-bar ${score > threshold ? "over" : "under"}` }, h("i", { class: "fill" }), h("i", { class: "mark" }));
  bar.style.setProperty("--fill", `${Math.max(0, Math.min(100, (100 * score) / top))}%`);
  bar.style.setProperty("--at", `${Math.min(100, (100 * threshold) / top)}%`);
  const text = t("score {score} · threshold {threshold}", { score: number(score), threshold: number(threshold) });
  return h("div", { class: "score", role: "img", "aria-label": text }, bar, h("div", { class: "score-text" }, h("span", {}, rich("score {score}", { score: h("b", {}, number(score)) })), h("span", {}, rich("threshold {threshold}", { threshold: h("b", {}, number(threshold)) }))));
}

export const flag = (name) => document.querySelector(`meta[name="${name}"]`)?.content === "yes";
export const short = (id) => (id ? id.slice(0, 10) : "none");

export function number(value, digits = 2) {
  return value === null || value === undefined || typeof value !== "number" ? "–" : value.toFixed(digits);
}

export function percent(value, digits = 1) {
  return value === null || value === undefined || typeof value !== "number" ? "–" : `${(100 * value).toFixed(digits)} %`;
}

export function milliseconds(value) {
  return value === null || value === undefined ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** "0.4 s", "12 s", "3 min", "2 h", "5 d" */
export function age(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

export function when(text) {
  return text ? new Date(text).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "medium" }) : "–";
}

/** Shows or hides a message of an element with the class `problem`. */
export function complain(element, message) {
  element.textContent = message ?? "";
  element.hidden = !message;
}
