// A closed part of a page that fetches what it shows when it is opened.

import { h } from "./dom.js";

/** `fill()` gives the elements, or throws; a panel that was open before stays so. */
export function lazyPanel(title, opened, fill) {
  const body = h("div", { class: "lazy" });
  const load = async () => {
    try {
      body.replaceChildren(...(await fill(load)));
    } catch (error) {
      body.replaceChildren(h("p", { class: "problem" }, error.message));
    }
  };
  const panel = h("details", { open: opened.has(title) }, h("summary", {}, title), body);
  panel.addEventListener("toggle", () => {
    if (!panel.open) return opened.delete(title);
    opened.add(title);
    return load();
  });
  return panel;
}
