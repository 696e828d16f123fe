// Two of several versions, chosen by a person, and what differs between them.

import { h } from "./dom.js";
import { t } from "./language.js";

/** `versions` are [id, name], the newest first; `compare(before, after)` gives the elements that say what differs. */
export function comparison(versions, compare) {
  if (versions.length < 2) return [h("p", { class: "muted" }, t("There is one version only; nothing to compare yet."))];
  const differences = h("div", { class: "differences", role: "status" });
  const choice = (name, chosen) => h("select", { "aria-label": name, onchange: show }, versions.map(([id, text], index) => h("option", { value: id, selected: index === chosen }, text)));
  const [before, after] = [choice(t("Earlier version"), 1), choice(t("Later version"), 0)];
  async function show() {
    try {
      differences.replaceChildren(...(await compare(before.value, after.value)));
    } catch (error) {
      differences.replaceChildren(h("p", { class: "problem" }, error.message));
    }
  }
  show();
  return [h("div", { class: "row compared" }, t("What differs between"), " ", before, " → ", after), differences];
}
