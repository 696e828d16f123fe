// What trainings and gates of a recipe used, version by version, and which images differ.

import { get, imageUrl } from "./api.js";
import { comparison } from "./comparison.js";
import { h, short, when } from "./dom.js";
import { lazyPanel } from "./lazy_panel.js";
import { n, t } from "./language.js";
import { typeWord } from "./words.js";

const SHOWN = 40;

/** One closed panel. */
export function dataPanel(recipe, opened) {
  const path = `/recipes/${encodeURIComponent(recipe)}/data-versions`;
  return [
    lazyPanel(t("Data, by version"), opened, async () => {
      const versions = await get(path);
      if (versions.length === 0) return [h("p", { class: "muted" }, t("No training has used the data yet; the first one makes the first version."))];
      return [
        h("div", { class: "scroll" }, h("table", { class: "data-versions" }, h("thead", {}, h("tr", {}, [t("Version"), t("Made"), t("Images")].map((text) => h("th", {}, text)))), h("tbody", {}, versions.map(row)))),
        ...comparison(versions.map(({ id, created_at: at }) => [id, `${short(id)}, ${when(at).slice(0, 16)}`]), (before, after) => differences(path, before, after)),
      ];
    }),
  ];
}

function row({ id, created_at: at, counts }) {
  const images = Object.entries(counts).map(([type, count]) => `${typeWord(type)} ${count}`);
  return h("tr", {}, h("td", {}, h("code", {}, short(id))), h("td", {}, when(at).slice(0, 16)), h("td", {}, images.join(", ")));
}

async function differences(path, before, after) {
  const found = await get(`${path}/comparison?before=${before}&after=${after}`);
  const rows = [
    [found.added, n("{count} image added", "{count} images added", found.added.length)],
    [found.removed, n("{count} image taken out", "{count} images taken out", found.removed.length)],
    [found.relabelled, n("{count} image labelled otherwise", "{count} images labelled otherwise", found.relabelled.length)],
    [found.moved, n("{count} image moved between training and hold-out", "{count} images moved between training and hold-out", found.moved.length)],
  ].filter(([images]) => images.length > 0);
  if (rows.length === 0) return [h("p", { class: "muted" }, t("Nothing differs."))];
  return rows.flatMap(([images, title]) => [h("h3", {}, title, images.length > SHOWN ? t(" ({shown} shown)", { shown: SHOWN }) : ""), h("div", { class: "thumbs" }, images.slice(0, SHOWN).map(thumb))]);
}

function thumb(digest) {
  return h("a", { href: imageUrl(digest, "display"), target: "_blank", rel: "noopener", class: "sample" }, h("img", { src: imageUrl(digest, "thumb"), alt: t("image {name}", { name: short(digest) }), loading: "lazy" }));
}
