// What keys do on a page: one table drives both, the keyboard and the sheet that tells of it.

import { h } from "./dom.js";
import { t } from "./language.js";

const CAPS = { arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", escape: "Esc", enter: "Enter", " ": t("Space"), backspace: "⌫", delete: t("Del"), pageup: t("Page ↑"), pagedown: t("Page ↓"), "-": "−" };
const MOVES = /^(arrow|page|home|end)/;
const sheet = document.getElementById("key-sheet");

/** The sections of the page, each { title, rows }. */
export const table = [];

/**
 * Listens to the keys of a page and fills its sheet.
 *
 * A row is { keys, says, act }; `act(key)`. Optional: `when()`, else it is passed over; `within`, a selector of the field
 * in which it works, else it works outside of fields; `held`, it goes on while the key is held; `shown`, the caps.
 */
export function listen(sections) {
  table.push(...sections, { title: t("Help"), rows: [{ keys: ["?"], says: t("this sheet"), act: toggleSheet }, { keys: ["escape"], says: t("close a dialog or this sheet"), when: () => false, act: () => {} }] });
  document.addEventListener("keydown", pressed);
  document.getElementById("show-keys").hidden = false;
  document.getElementById("show-keys").addEventListener("click", toggleSheet);
  document.getElementById("key-rows").replaceChildren(...table.map(section));
}

/** "?" for the key, "⇧ →" for one with shift. */
export const cap = (key) => (key.startsWith("shift+") ? `⇧ ${cap(key.slice(6))}` : (CAPS[key] ?? key.toUpperCase()));

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const key = `${event.shiftKey && event.key.length > 1 ? "shift+" : ""}${event.key.toLowerCase()}`;
  if (document.querySelector("dialog[open]") && !(sheet.open && key === "?")) return;
  const row = table.flatMap(({ rows }) => rows).find((one) => one.keys.includes(key) && reaches(one, key, event.target) && (one.when?.() ?? true));
  if (!row || (event.repeat && !row.held)) return;
  event.preventDefault();
  row.act(key);
}

/** Fields, buttons and links keep the keys that are their own. */
function reaches(row, key, target) {
  if (row.within) return target.matches(row.within);
  if (target.matches('input[type="range"]')) return !MOVES.test(key);
  if (target.matches('input:not([type="checkbox"]), select, textarea')) return false;
  return !(target.matches("button, a, summary, input") && (key === "enter" || key === " "));
}

function toggleSheet() {
  if (sheet.open) sheet.close();
  else sheet.showModal();
}

function section({ title, rows }) {
  return h("section", {}, h("h3", {}, title), h("dl", {}, rows.flatMap((row) => [h("dt", {}, (row.shown ?? row.keys.map(cap)).map((text) => h("kbd", {}, text))), h("dd", {}, row.says)])));
}
