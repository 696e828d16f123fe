// What people accepted as good, and the way back from it.

import { del, get } from "./api.js";
import { h, short, when } from "./dom.js";
import { lazyPanel } from "./lazy_panel.js";
import { n, t } from "./language.js";
import { told } from "./told.js";

/** One closed panel. */
export function acceptancesPanel(recipe, mayChange, opened) {
  return [
    lazyPanel(t("Accepted as good"), opened, async (load) => {
      const accepted = await get(`/recipes/${encodeURIComponent(recipe)}/acceptances`);
      if (accepted.length === 0) return [h("p", { class: "muted" }, t("Nobody has accepted a part of this recipe as good."))];
      const said = h("p", { role: "status" });
      const undo = (one) => takeBack(one).then(async (text) => {
        await load();
        document.querySelector("#accepted [role=status]")?.replaceChildren(text);
      }, (error) => said.replaceChildren(h("span", { class: "problem" }, error.message)));
      const heads = [t("When"), t("Parts"), t("Reason"), t("Who"), t("State"), ""];
      return [h("div", { class: "scroll" }, h("table", { class: "acceptances" }, h("thead", {}, h("tr", {}, heads.map((text) => h("th", {}, text)))), h("tbody", {}, accepted.map((one) => row(one, mayChange ? undo : null))))), said];
    }),
  ];
}

/** Undoes an acceptance; what came of it, in words. */
export async function takeBack({ recipe, id }) {
  const undone = await del(`/recipes/${encodeURIComponent(recipe)}/acceptances/${id}`);
  if (undone.rolled_back) return t("Taken back: the champion before it runs again.");
  if (undone.job) return t("Taken back: a job makes the champion without it.");
  return t("Taken back: the model that runs stays, the next training leaves it out.");
}

function row(one, undo) {
  return h(
    "tr",
    {},
    h("td", {}, when(one.created_at).slice(0, 16)),
    h("td", {}, n("{count} part", "{count} parts", one.result_ids.length)),
    h("td", {}, told(one.reason)),
    h("td", {}, one.user),
    h("td", {}, state(one), effect(one)),
    h("td", { class: "end" }, one.undone_at === null && undo ? h("button", { type: "button", class: "small", onclick: () => undo(one) }, t("Undo")) : null),
  );
}

function state({ state, undone_by: user }) {
  const words = {
    open: t("being taught"),
    taught: t("stands"),
    nothing_to_teach: t("stands; nothing to teach, the champion passed these parts already"),
    only_tests: t("stands; teaches nothing: its parts are held out, or were taken beside what is"),
    failed: t("stands; not taught yet, see its job"),
    refused: t("not taught: refused; the labels stay"),
    undone: t("taken back by {user}", { user }),
  };
  return words[state];
}

/** How many pass by the newest model that was taught it; few are said to be few. */
function effect({ state, effect: brought }) {
  if (state !== "taught" || brought === null) return null;
  const values = { passing: brought.passing, parts: brought.parts, bundle: short(brought.bundle_id) };
  const few = 2 * brought.passing < brought.parts;
  return h("small", { class: few ? "warn" : "muted" }, " ", few ? t("little effect: {passing} of {parts} taught parts pass by {bundle}", values) : t("{passing} of {parts} taught parts pass by {bundle}", values));
}
