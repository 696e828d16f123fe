// The review page: flagged parts one by one, judged by key.

import { get } from "./api.js";
import { besideOf, besideRows } from "./beside_panel.js";
import { Decisions } from "./decisions.js";
import { flag, h, once, scoreBar, verdictBadge } from "./dom.js";
import { Filters } from "./filters.js";
import { listen } from "./keys.js";
import { n, t } from "./language.js";
import { lookAhead } from "./look_ahead.js";
import { outbox } from "./outbox.js";
import { PicturePanel } from "./picture_panel.js";
import { poll } from "./poll.js";
import { factRows } from "./review_facts.js";
import { reviewKeys } from "./review_keys.js";
import { ReviewQueue } from "./review_queue.js";
import { told } from "./told.js";

const $ = (id) => document.getElementById(id);
const mayLabel = flag("may-label");
const waitingShown = () => $("state").value === "";

const filters = new Filters({ recipe: "recipe", station: "station", verdict: "verdict-filter", order: "order", state: "state", line: "line", defect_class: "class", score_from: "score-from", score_to: "score-to", since: "since", until: "until" }, () => restart().catch((error) => say(error.message, true)));
const queue = new ReviewQueue(() => filters.chosen(), waitingShown, mayLabel);
const decisions = new Decisions("review");
const picture = new PicturePanel();
const shown = { at: 0, visited: null, sending: outbox.waiting.length > 0 };
let again = null;

/** A part that was opened from beside another one, else the one that waits. */
const current = () => shown.visited ?? queue.current;

async function load(offset = 0) {
  if (!(await queue.load(offset))) return;
  $("known-types").replaceChildren(...queue.known.map((type) => h("option", { value: type })));
  render();
}

async function restart() {
  shown.visited = null;
  queue.clear();
  await load();
}

function render() {
  const item = current();
  $("bench").hidden = !item;
  $("empty").hidden = Boolean(item);
  showWaiting();
  $("leave").hidden = shown.visited === null;
  if (!item) return showEmpty();
  if ($("bench").dataset.shown !== item.result.id) showItem(item);
  showTypes();
  return prepare();
}

function showItem(item) {
  $("bench").dataset.shown = item.result.id;
  shown.at = performance.now();
  $("type").value = "";
  picture.show(item);
  showFacts(item);
  showBeside(item);
}

/** The next parts, so that a key finds them painted at once; `data-ready` names the first when it is. */
function prepare() {
  const coming = [queue.next, queue.items[queue.at + 2]].filter(Boolean);
  lookAhead(coming, ({ result }) => result.id === queue.next?.result.id && Object.assign($("bench").dataset, { ready: result.id }));
}

function showWaiting() {
  if ($("bench").hidden && $("empty").hidden) return; // nobody has counted yet
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
  $("beside").replaceChildren(...besideRows(beside, item.result.recipe, visit));
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

/** Opens another part; it stands in the address, so that the browser's way back leads here. */
function visit(id) {
  history.pushState({ visited: true }, "", `?${new URLSearchParams({ ...filters.chosen(), part: id })}`);
  return showVisited();
}

async function showVisited() {
  const id = new URLSearchParams(location.search).get("part");
  try {
    shown.visited = id === null ? null : await get(`/results/${encodeURIComponent(id)}`);
  } catch (error) {
    say(error.message, true);
  }
  render();
}

function leave() {
  if (history.state?.visited) return history.back();
  shown.visited = null;
  filters.keep();
  return render();
}

function answer(label) {
  const item = current();
  if (!item || !mayLabel) return;
  const { id } = item.result;
  const body = { label, took_s: (performance.now() - shown.at) / 1000, from_queue: waitingShown() && (shown.visited === null || queue.holds(id)) };
  if (label === "defect") Object.assign(body, defect());
  queue.answer(id);
  decisions.say([id], body).done.then((error) => error && refused(id, error));
  if (shown.visited) leave();
  else move(1);
}

/** Type and mask of a defect, as far as they were given. */
function defect() {
  const [type, mask] = [$("type").value.trim(), picture.mask()];
  if (type && !queue.types.includes(type)) queue.types.push(type);
  return { ...(type ? { defect_type: type } : {}), ...(mask ? { mask_png_base64: mask } : {}) };
}

async function undo() {
  const taken = decisions.takeBack();
  if (!taken) return say(t("Nothing to undo on this page."));
  taken.done.then((error) => error && say(t("not stored: {reason}", { reason: error.message }), true));
  shown.visited = null;
  say(t("Taken back."));
  try {
    await queue.putBack(taken.ids[0]);
  } catch (error) {
    return say(t("Taken back. It cannot be shown: {reason}", { reason: error.message }));
  }
  return render();
}

function move(step) {
  if (shown.visited) return leave();
  queue.move(step);
  render();
  if (queue.runsOut) load(queue.passedOver).catch((error) => say(error.message, true));
  return undefined;
}

function refused(id, error) {
  queue.answered.delete(id);
  queue.left += 1;
  say(t("not stored: {reason}", { reason: error.message }), true);
}

function showOutbox(waiting, problem) {
  if (waiting.length === 0 && shown.sending) {
    shown.sending = false;
    again?.(); // what the page counted while labels of an earlier visit were on their way is out of date
  }
  if (problem) say(t("{count} not stored yet, trying again: {reason}", { count: waiting.length, reason: problem }), true);
  else say(waiting.length ? t("saving {count}…", { count: waiting.length }) : t("✓ all saved"));
}

function say(text, bad = false) {
  $("outbox").textContent = text;
  $("outbox").classList.toggle("bad", bad);
  showWaiting();
}

function chooseNumber(key) {
  const type = queue.types[Number(key) - 1];
  if (type) choose(type);
}

/** Leaves the field of the type, and says so where Enter was pressed. */
function typed(key) {
  $("type").blur();
  if (key === "enter") answer("defect");
}

const act = { answer, choose: chooseNumber, typed, move, undo, leave, visiting: () => shown.visited !== null, toType: () => $("type").focus(), toFilters: () => $("recipe").focus(), toBeside: () => $("beside").querySelector("button, a")?.focus() };
listen(reviewKeys(picture, mayLabel, act));
outbox.watch(showOutbox);
$("type").addEventListener("input", showTypes);
for (const button of document.querySelectorAll("[data-label]")) button.addEventListener("click", once(() => answer(button.dataset.label)));
$("undo").addEventListener("click", undo);
$("next").addEventListener("click", () => move(1));
$("back").addEventListener("click", () => move(-1));
$("leave").addEventListener("click", leave);
window.addEventListener("popstate", showVisited);

await filters.start();
if (["state", "line", "class", "score-from", "score-to", "since", "until"].some((id) => $(id).value)) $("more").open = true;
if (new URLSearchParams(location.search).has("part")) showVisited();
// Fresh parts come in by themselves, but never move what a person is looking at.
again = poll(() => load(), 5000);
