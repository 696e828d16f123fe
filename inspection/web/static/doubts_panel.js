// Labels to look at before a training: who disagrees, and which goods look bad.

import { imageUrl } from "./api.js";
import { h } from "./dom.js";
import { n, t } from "./language.js";
import { told } from "./told.js";
import { labelWord, typeWord } from "./words.js";

const KINDS = {
  people_disagree: t("people disagree"),
  labelled_both_ways: t("labelled good and defect"),
  types_differ: t("defect types differ"),
  alike_goods: t("good parts that show nearly the same"),
  copy_of_learnt: t("held out, and learnt from in nearly the same picture"),
  like_defects: t("called good, but looks like a known defect"),
  unlike_other_goods: t("unlike the other good parts"),
  like_goods: t("called defective, but looks like a good part"),
  unreadable: t("cannot be read"),
  failed_far_above: t("labelled good, but failed far above the threshold"),
};
const SHOWN = 6;

/** `rule([[sha256, body], …])` settles some; null for those who may not. What a person has opened stays open. */
export function doubtsPanel(doubts, rule, opened) {
  if (doubts.length === 0) return [];
  const title = n("{count} label to look at before training", "{count} labels to look at before training", doubts.length);
  const remember = (event) => (event.target.open ? opened.add("doubts") : opened.delete("doubts"));
  return [h("details", { class: "doubts", open: opened.has("doubts"), ontoggle: remember }, h("summary", {}, "⚠ ", title), h("ul", { class: "flips" }, doubts.map((doubt) => card(doubt, rule))))];
}

function card(doubt, rule) {
  const taken = doubt.counts_as === null ? t("left out of training") : t("counts as {label}", { label: typeWord(doubt.counts_as) });
  return h(
    "li",
    { class: "flip", title: told(doubt.why) },
    h("span", { class: "thumbs" }, [doubt.sha256, ...doubt.alike].slice(0, SHOWN).map((sha256) => h("a", { href: imageUrl(sha256, "display"), target: "_blank", rel: "noopener" }, h("img", { src: imageUrl(sha256, "thumb"), alt: KINDS[doubt.kind], loading: "lazy" })))),
    h("span", { class: "side" }, h("b", {}, KINDS[doubt.kind]), h("small", {}, doubt.said.map(said).join(" · ")), h("small", {}, taken), rule ? (doubt.alike.length ? keeping(doubt, rule) : answers(doubt, rule)) : null),
  );
}

/** Good, each type that was named, or neither; from then on the others do not count. */
function answers({ sha256, said: statements, looks_like: likely }, rule) {
  const types = [...new Set([...statements.map(({ defect_type: type }) => type), likely].filter(Boolean))];
  const button = (word, body) => h("button", { type: "button", class: "small", onclick: () => rule([[sha256, body]]) }, word);
  return h("span", { class: "row", role: "group", "aria-label": t("What counts") }, button(t("Good"), { label: "good" }), types.length ? types.map((type) => button(typeWord(type), { label: "defect", defect_type: type })) : button(t("Defect"), { label: "defect" }), button(t("Leave out"), { label: "unsure" }));
}

/** Of alike ones: the first stays and the others are left out, or all stay, and nobody is asked again. */
function keeping({ sha256, alike }, rule) {
  const button = (word, rulings) => h("button", { type: "button", class: "small", onclick: () => rule(rulings) }, word);
  return h("span", { class: "row", role: "group", "aria-label": t("What counts") }, button(t("Keep one"), alike.map((other) => [other, { label: "unsure" }])), button(t("Keep all"), [sha256, ...alike].map((one) => [one, { label: "good" }])));
}

function said(statement) {
  return `${statement.user ?? t("upload")}: ${labelWord(statement)}`;
}
