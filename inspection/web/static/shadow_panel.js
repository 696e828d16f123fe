// A challenger that judges beside the champion on the stations: how far the two agree, and where they do not.

import { imageUrl } from "./api.js";
import { h, percent, short, verdictIcon, verdictWord } from "./dom.js";
import { rich, t } from "./language.js";

/** Nothing if no challenger was ever tried beside. */
export function shadowPanel(shadow, mayChange, actions) {
  if (!shadow?.bundle_id) return [];
  const button = shadow.running && mayChange ? h("button", { type: "button", class: "small", id: "end-shadow", onclick: actions.endShadow }, t("End the trial…")) : null;
  return [
    h("div", { class: "row spread" }, h("h2", {}, ...rich("{bundle} beside the champion", { bundle: h("code", {}, short(shadow.bundle_id)) })), button),
    shadow.parts === 0 ? h("p", { class: "muted" }, t("No part was judged by both yet; the stations ask it in spare time only.")) : h("p", {}, ...rich("{parts} parts judged by both; the same verdict for {share} (95 % interval {lower} to {upper}).", figures(shadow))),
    shadow.flips.length ? h("ol", { class: "flips" }, shadow.flips.map(flip)) : null,
  ].filter((part) => part !== null);
}

function figures({ parts, agreement }) {
  return { parts: h("b", {}, String(parts)), share: h("b", {}, percent(agreement.value, 2)), lower: percent(agreement.lower, 2), upper: percent(agreement.upper, 2) };
}

function flip({ result, images }) {
  const said = (name, verdict) => h("span", { class: "side" }, h("small", {}, name), h("span", { class: `flip-verdict ${verdict}` }, verdictIcon(verdict), verdictWord(verdict)));
  return h(
    "li",
    { class: "flip" },
    images.frame ? h("img", { src: imageUrl(images.frame, "thumb"), alt: t("part {part}", { part: result.part_id }), loading: "lazy" }) : h("small", {}, t("no picture kept")),
    said(t("champion"), result.verdict),
    h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    said(t("this model"), result.shadow.verdict),
    h("span", { class: "flip-label" }, result.part_id),
  );
}
