// What to look at beside a part: a good one, the golden image, its history, parts with the same kind of fault.

import { get, imageUrl } from "./api.js";
import { h, number, verdictIcon, verdictWord, when } from "./dom.js";
import { n, t } from "./language.js";
import { labelWord } from "./words.js";

const cache = new Map();
const KEPT = 40;

/** Fetched once for each part; the promise is kept, so that looking ahead costs nothing. */
export function besideOf(id) {
  if (!cache.has(id)) {
    const found = get(`/results/${id}/beside`).catch(() => {
      cache.delete(id); // asked again the next time
      return null;
    });
    cache.set(id, found);
    if (cache.size > KEPT) cache.delete(cache.keys().next().value);
  }
  return cache.get(id);
}

/** Pictures to put side by side with the part: [word, address], of a view its result, too. */
export function references(id, beside) {
  const found = [];
  if (beside?.good_sha256) found.push([t("a good part"), imageUrl(beside.good_sha256, "display")]);
  if (beside?.golden) found.push([t("golden image"), `/api/v1/results/${id}/golden`]);
  for (const { result, images } of beside?.views ?? []) if (images.frame) found.push([t("View {view}", { view: result.camera }), imageUrl(images.frame, "display"), result.id]);
  return found;
}

/** Rows of small pictures, and how many alike parts wait; `open(id)` shows one of the parts. */
export function besideRows(beside, recipe, open) {
  if (!beside) return [];
  const rows = [row(t("Alike faults"), beside.alike, open), row(t("This part before"), beside.history, open)];
  const waiting = beside.alike.filter((item) => item.labels.length === 0).length;
  const link = waiting > 1 ? h("a", { href: `/groups?recipe=${encodeURIComponent(recipe)}` }, n("Judge {count} alike part together →", "Judge {count} alike parts together →", waiting)) : null;
  return [...rows, link].filter((part) => part !== null);
}

function row(title, items, open) {
  if (items.length === 0) return null;
  return h("div", { class: "beside-row" }, h("small", {}, title), h("div", { class: "thumbs", role: "group", "aria-label": title }, items.map((item) => thumb(item, open))));
}

function thumb({ result, images, labels, rulings }, open) {
  const said = rulings.at(-1) ?? labels.at(-1);
  const words = [result.part_id, verdictWord(result.verdict), number(result.score), when(result.captured_at), said ? labelWord(said) : t("no label")];
  const picture = images.frame ? h("img", { src: imageUrl(images.frame, "thumb"), alt: "", loading: "lazy" }) : null;
  return h("button", { type: "button", class: `dot ${result.verdict}`, title: words.join(" · "), "aria-label": words.join(", "), onclick: () => open(result.id) }, picture, verdictIcon(result.verdict));
}
