// The other views of the part under review, side by side: each with its verdict and its map.

import { imageUrl } from "./api.js";
import { h, number, verdictIcon, verdictWord } from "./dom.js";
import { t } from "./language.js";

/** Pictures of a row; `open(index)` shows one of them large. */
export function partViews(views, open) {
  return views.map(({ result, images }, index) => {
    const said = [verdictWord(result.verdict), result.score === null ? "" : number(result.score)].filter(Boolean).join(" · ");
    return h(
      "button",
      { type: "button", class: `part-view ${result.verdict}`, "aria-label": t("View {view}: {verdict}. Show it large", { view: result.camera, verdict: verdictWord(result.verdict) }), disabled: !images.frame, onclick: () => open(index) },
      images.frame ? h("img", { src: imageUrl(images.frame, "display"), alt: "" }) : h("small", {}, t("no picture kept")),
      images.frame && images.overlay ? h("img", { class: "map", src: imageUrl(images.overlay, "original"), alt: "" }) : null,
      h("span", { class: "part-view-name", title: result.camera }, verdictIcon(result.verdict), h("span", {}, result.camera), " ", h("b", {}, said)),
    );
  });
}
