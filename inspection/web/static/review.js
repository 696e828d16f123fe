// The review page: flagged parts one by one, judged by key.

import { get, imageUrl } from "./api.js";
import { besideOf, besideRows } from "./beside_panel.js";
import { flag, h, scoreBar, verdictBadge } from "./dom.js";
import { Filters } from "./filters.js";
import { n, t } from "./language.js";
import { Outbox } from "./outbox.js";
import { PicturePanel } from "./picture_panel.js";
import { poll } from "./poll.js";
import { factRows } from "./review_facts.js";
import { told } from "./told.js";

const BATCH = 60;
const REFILL_BELOW = 8;
const SEEN_KEPT = 400;
const $ = (id) => document.getElementById(id);
const mayLabel = flag("may-label");

const queue = { drawn: new Set(), items: [], at: 0, answered: new Set(), history: [], types: [], left: 0, shownAt: 0, round: 0, skipped: 0 };
let again = null;
const outbox = new Outbox(showOutbox, putBack);
const picture = new PicturePanel();
const filters = new Filters({ recipe: "recipe", station: "station", verdict: "verdict-filter", order: "order", state: "state", line: "line", defect_class: "class", score_from: "score-from", score_to: "score-to", since: "since", until: "until" }, restart);

const current = () => queue.items[queue.at];
const waitingShown = () => $("state").value === "";

/** The head of the queue; with an offset what lies behind the parts that were skipped. */
async function load(offset = 0) {
  const { round } = queue;
  const answer = await get(`/review/queue?${new URLSearchParams({ limit: BATCH, offset, ...filters.chosen() })}`);
  if (round !== queue.round) return; // asked before the filters changed
  const known = new Set(queue.items.map((item) => item.result.id));
  queue.items.push(...answer.results.filter((item) => !known.has(item.result.id) && !queue.answered.has(item.result.id)));
  forgetOld();
  queue.types = [...new Set([...queue.types, ...answer.defect_types])];
  $("known-types").replaceChildren(...answer.defect_types.map((type) => h("option", { value: type })));
  for (const id of answer.drawn) queue.drawn.add(id);
  queue.left = Object.values(answer.waiting).reduce((sum, count) => sum + count, 0) - (waitingShown() ? unsent() : 0);
  render();
}

/** A shift's worth of parts must not grow the page: of those behind, only the last few can be gone back to. */
function forgetOld() {
  const excess = Math.min(queue.items.length - SEEN_KEPT, queue.at - REFILL_BELOW);
  if (excess <= 0) return;
  const forgotten = queue.items.splice(0, excess);
  queue.at -= excess;
  queue.skipped += forgotten.filter((item) => !queue.answered.has(item.result.id)).length;
  for (const item of forgotten) queue.answered.delete(item.result.id);
}

async function restart() {
  queue.round += 1;
  Object.assign(queue, { items: [], at: 0, types: [], skipped: 0, answered: new Set(outbox.waiting.map((label) => label.result_id)) });
  await load();
}

function render() {
  const item = current();
  showWaiting();
  $("bench").hidden = !item;
  $("empty").hidden = Boolean(item);
  if (!item) return showEmpty();
  if ($("bench").dataset.shown === item.result.id) return showTypes();
  $("bench").dataset.shown = item.result.id;
  queue.shownAt = performance.now();
  $("type").value = "";
  picture.show(item);
  showFacts(item);
  showTypes();
  showBeside(item);
  preload(queue.items[queue.at + 1]);
}

/** Parts of this visit that still wait: the service would give them again. */
const skipped = () => queue.skipped + queue.items.filter((item) => !queue.answered.has(item.result.id)).length;

/** Labels that the service has not counted yet. */
function unsent() {
  return outbox.waiting.reduce((sum, label) => sum + (label.label === "retracted" ? -1 : 1), 0);
}

function showWaiting() {
  const count = Math.max(0, queue.left);
  $("waiting").textContent = waitingShown() ? n("{count} part waits", "{count} parts wait", count) : n("{count} part", "{count} parts", count);
}

function showEmpty() {
  const skipped = queue.items.some((item) => !queue.answered.has(item.result.id));
  $("bench").dataset.shown = "";
  $("empty").replaceChildren(
    h("b", {}, skipped ? t("End of the list.") : t("Nothing to review.")),
    " ",
    skipped ? t("You skipped some parts.") : t("Every flagged part has a label. New ones appear here by themselves."),
    " ",
    skipped ? h("button", { type: "button", onclick: restart }, t("Show them again")) : h("a", { href: "/models" }, t("Train a new model with the labels →")),
  );
}

function showFacts(item) {
  const { result } = item;
  $("verdict").replaceChildren(verdictBadge(result.verdict, "medium"));
  $("score").replaceChildren(result.reason ? h("p", { class: "reason" }, told(result.reason)) : scoreBar(result.score, result.threshold));
  $("facts").replaceChildren(...factRows(item, queue.drawn.has(result.id)));
}

async function showBeside(item) {
  $("beside").replaceChildren();
  const beside = await besideOf(item.result.id);
  if (current() !== item) return;
  picture.showReferences(item.result.id, beside);
  $("beside").replaceChildren(...besideRows(beside, item.result.recipe));
}

function showTypes() {
  const chosen = $("type").value.trim();
  $("types").replaceChildren(
    ...queue.types.slice(0, 9).map((type, index) =>
      h("button", { type: "button", class: "chip", "aria-pressed": String(type === chosen), onclick: () => choose(type) }, h("kbd", {}, String(index + 1)), ` ${type}`),
    ),
  );
}

function choose(type) {
  $("type").value = $("type").value.trim() === type ? "" : type;
  showTypes();
}

function preload(item) {
  if (item?.images.frame) new Image().src = imageUrl(item.images.frame, "display");
  if (item?.images.overlay) new Image().src = imageUrl(item.images.overlay, "original");
}

function answer(label) {
  const item = current();
  if (!item || !mayLabel) return;
  const body = { result_id: item.result.id, label, took_s: (performance.now() - queue.shownAt) / 1000, from_queue: waitingShown() };
  if (label === "defect") Object.assign(body, defect());
  queue.answered.add(item.result.id);
  queue.history.push(item.result.id);
  queue.left -= 1;
  outbox.add(body);
  move(1);
}

/** Type and mask of a defect, as far as they were given. */
function defect() {
  const [type, mask] = [$("type").value.trim(), picture.mask()];
  if (type && !queue.types.includes(type)) queue.types.push(type);
  return { ...(type ? { defect_type: type } : {}), ...(mask ? { mask_png_base64: mask } : {}) };
}

function undo() {
  const id = queue.history.pop();
  if (id === undefined) return say(t("Nothing to undo on this page."));
  if (!outbox.take(id)) outbox.add({ result_id: id, label: "retracted", from_queue: waitingShown() });
  queue.answered.delete(id);
  queue.left += 1;
  const at = queue.items.findIndex((item) => item.result.id === id);
  if (at >= 0) queue.at = at;
  render();
  return say(t("Taken back."));
}

function move(step) {
  let at = queue.at + step;
  while (queue.items[at] && queue.answered.has(queue.items[at].result.id)) at += step;
  queue.at = Math.max(0, Math.min(at, queue.items.length));
  render();
  if (queue.items.length - queue.at < REFILL_BELOW) load(skipped()).catch((error) => say(error.message, true));
}

function putBack(label, error) {
  queue.answered.delete(label.result_id);
  queue.left += 1;
  queue.history = queue.history.filter((id) => id !== label.result_id);
  say(t("not stored: {reason}", { reason: error.message }), true);
}

function showOutbox(waiting, problem) {
  if (waiting === 0 && outbox.restored) {
    outbox.restored = false;
    again?.(); // what the page counted while labels of an earlier visit were on their way is out of date
  }
  if (problem) say(t("{count} not stored yet, trying again: {reason}", { count: waiting, reason: problem }), true);
  else say(waiting ? t("saving {count}…", { count: waiting }) : t("✓ all saved"));
}

function say(text, bad = false) {
  $("outbox").textContent = text;
  $("outbox").classList.toggle("bad", bad);
  showWaiting();
}

const { loupe } = picture;
const KEYS = { g: () => answer("good"), d: () => answer("defect"), u: () => answer("unsure"), n: () => move(1), arrowright: () => move(1), arrowleft: () => move(-1), z: undo, m: picture.toggleMap, k: picture.toggleOutline, c: picture.toggleCompare, x: picture.compareNext, p: () => mayLabel && picture.toggleMarking(), escape: () => picture.pauseMarking(), t: () => $("type").focus(), "+": loupe.nearer, "=": loupe.nearer, "-": loupe.farther, 0: () => loupe.reset(), b: () => loupe.brighten(1.25), v: () => loupe.brighten(0.8), "?": () => $("bench").querySelector(".keys").toggleAttribute("open") };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches('input:not([type="range"]), select, textarea')) return;
  const type = /^[1-9]$/.test(event.key) ? queue.types[Number(event.key) - 1] : undefined;
  const act = type ? () => choose(type) : KEYS[event.key.toLowerCase()];
  if (!act || event.repeat) return;
  event.preventDefault();
  act();
});
$("type").addEventListener("input", showTypes);
$("type").addEventListener("keydown", (event) => {
  if (event.key === "Escape") $("type").blur();
  if (event.key !== "Enter") return;
  event.preventDefault();
  $("type").blur();
  answer("defect");
});
for (const button of document.querySelectorAll("[data-label]")) button.addEventListener("click", () => answer(button.dataset.label));
$("undo").addEventListener("click", undo);
$("next").addEventListener("click", () => move(1));
$("back").addEventListener("click", () => move(-1));
window.addEventListener("beforeunload", (event) => outbox.waiting.length && !outbox.kept && event.preventDefault());

await filters.start();
if (["state", "line", "class", "score-from", "score-to", "since", "until"].some((id) => $(id).value)) $("more").open = true;
// Fresh parts come in by themselves, but never move what a person is looking at.
again = poll(() => load(), 5000);
