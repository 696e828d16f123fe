// What moved at each camera since its bundle came, and what has probably changed.

import { h, number, short, when } from "./dom.js";
import { t } from "./language.js";

const CAUSES = { light: t("the light has changed"), focus: t("the focus has changed"), position: t("parts lie elsewhere"), model: t("the new model scores otherwise"), product: t("the parts have changed") };
const MEASURES = { score: t("score of passed parts"), brightness: t("brightness"), contrast: t("contrast"), sharpness_db: t("sharpness"), offset_x_px: t("position, across"), offset_y_px: t("position, down") };

/** Rows of a table. */
export function driftTable(cameras) {
  const told = cameras.filter((camera) => camera.shifts.length > 0 || camera.change.length > 0);
  if (told.length === 0) return [h("tbody", {}, h("tr", {}, h("td", { class: "muted" }, t("Not enough parts yet to compare with the first hours of a model."))))];
  const head = [t("Camera"), t("Model"), t("Likely cause"), t("What moved, in spreads of an hour's mean")];
  return [h("thead", {}, h("tr", {}, head.map((text) => h("th", {}, text)))), h("tbody", {}, told.map(row))];
}

function row(camera) {
  const cause = camera.cause ?? camera.change_cause;
  const shifts = camera.cause || camera.shifts.length ? camera.shifts : camera.change;
  return h(
    "tr",
    {},
    h("th", {}, `${camera.station} / ${camera.camera}`),
    h("td", {}, h("code", {}, short(camera.bundle_id)), h("small", {}, " ", t("since {date}", { date: when(camera.since).slice(0, 16) }))),
    h("td", { class: cause ? "warn" : "ok" }, cause ? CAUSES[cause] : t("✓ nothing beyond the bound")),
    h("td", {}, shifts.map((shift) => h("span", { class: `tag ${shift.beyond_bound ? "beyond" : ""}`, title: `${number(shift.baseline)} → ${number(shift.recent)}` }, `${MEASURES[shift.measure] ?? shift.measure} ${shift.shift > 0 ? "+" : ""}${number(shift.shift, 1)}`))),
  );
}
