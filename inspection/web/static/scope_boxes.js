// Areas of the API that a program's key may be limited to.

import { h } from "./dom.js";
import { t } from "./language.js";

const AREAS = { results: t("Results, images, analytics"), labels: t("Labels"), samples: t("Samples"), recipes: t("Recipes"), models: t("Models and rollouts"), jobs: t("Jobs"), stations: t("Stations"), alerts: t("Alerts") };
const WAYS = { read: t("read"), write: t("change") };
const LACKING = new Set(["results:write", "labels:read"]); // results come from stations; labels are read with results

/** A row for each area: its name, and a box for each way. */
export function scopeBoxes() {
  return Object.entries(AREAS).flatMap(([area, name]) => [h("span", {}, name), ...Object.entries(WAYS).map(([way, word]) => box(`${area}:${way}`, `${name}: ${word}`, word))]);
}

/** What is ticked, as the service takes it; nothing where none is. */
export function scopesOf(element) {
  const scopes = [...element.querySelectorAll("input:checked")].map((input) => input.value);
  return scopes.length ? { scopes } : {};
}

/** "Labels: change, Jobs: read" */
export const scopeNames = (scopes) => scopes.map((scope) => scope.split(":")).map(([area, way]) => `${AREAS[area] ?? area}: ${WAYS[way] ?? way}`).join(", ");

function box(scope, name, word) {
  if (LACKING.has(scope)) return h("span", {});
  return h("label", { class: "switch" }, h("input", { type: "checkbox", value: scope, "aria-label": name }), " ", word);
}
