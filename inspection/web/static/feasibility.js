// Whether a camera can see a defect at all: pixels on it, and how far the part moves while the shutter is open.

import { h, number } from "./dom.js";
import { t } from "./language.js";

const PIXELS_TO_SEE = 3; // on the smallest defect; with fewer it is noise
const PIXELS_WELL = 5;
const BLUR_SEEN = 1; // in pixels

/** `width_px` is that of the frame; the others are as people know them. */
export function feasibility({ width_px: width, view_mm: view, defect_mm: defect, speed_mm_s: speed, exposure_ms: exposure }) {
  if (!width || !view || !defect) return null;
  const perMm = width / view;
  return { defect_px: defect * perMm, blur_px: speed && exposure ? (speed * exposure * perMm) / 1000 : null };
}

/** Sentences for a person. */
export function feasibilityLines(found) {
  if (found === null) return [h("p", { class: "muted" }, t("Give the width of the view and the smallest defect to check whether the camera can see it."))];
  const lines = [];
  const size = { pixels: number(found.defect_px, 1) };
  if (found.defect_px < PIXELS_TO_SEE) lines.push(["warn", t("The smallest defect is {pixels} pixels wide: too small to be seen. Go nearer, or take a camera with more pixels.", size)]);
  else if (found.defect_px < PIXELS_WELL) lines.push(["hint", t("The smallest defect is {pixels} pixels wide: it can be seen if light and focus are good.", size)]);
  else lines.push(["ok", t("✓ The smallest defect is {pixels} pixels wide.", size)]);
  if (found.blur_px === null) return lines.map(([kind, text]) => h("p", { class: kind }, text));
  const blur = { pixels: number(found.blur_px, 1) };
  if (found.blur_px > Math.max(BLUR_SEEN, found.defect_px / 3)) lines.push(["warn", t("The part moves {pixels} pixels during the exposure: the defect is smeared. Expose shorter with more light, or use a strobe.", blur)]);
  else lines.push(["ok", t("✓ The part moves {pixels} pixels during the exposure.", blur)]);
  return lines.map(([kind, text]) => h("p", { class: kind }, text));
}
