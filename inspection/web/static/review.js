// The review page: flagged parts one by one, judged by key.

import { get, imageUrl } from "./api.js";
import { flag, h, milliseconds, scoreBar, short, verdictBadge, when } from "./dom.js";
import { n, t } from "./language.js";
import { Loupe } from "./loupe.js";
import { Outbox } from "./outbox.js";
import { poll } from "./poll.js";

const BATCH = 60;
const REFILL_BELOW = 8;
const $ = (id) => document.getElementById(id);
const mayLabel = flag("may-label");

const queue = { drawn: new Set(), items: [], at: 0, answered: new Set(), history: [], types: [], left: 0 };
const outbox = new Outbox(showOutbox, putBack);

const loupe = new Loupe($("picture"), [$("frame"), $("map")]);

const FILTERS = { recipe: "recipe", station: "station", verdict: "verdict-filter", order: "order" };

/** What the filters say; the address says the same, so that it can be kept and sent. */
function chosen() {
  return Object.fromEntries(Object.entries(FILTERS).map(([name, id]) => [name, $(id).value]).filter(([, value]) => value));
}

function filter() {
  history.replaceState(null, "", `?${new URLSearchParams(chosen())}`);
  return restart();
}

function readAddress() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const select = $(FILTERS[name]);
    if (select && [...select.options].some((option) => option.value === value)) select.value = value;
  }
}

const current = () => queue.items[queue.at];

async function load() {
  const answer = await get(`/review/queue?${new URLSearchParams({ limit: BATCH, ...chosen() })}`);
  const known = new Set(queue.items.map((item) => item.result.id));
  queue.items.push(...answer.results.filter((item) => !known.has(item.result.id) && !queue.answered.has(item.result.id)));
  queue.types = [...new Set([...queue.types, ...answer.defect_types])];
  for (const id of answer.drawn) queue.drawn.add(id);
  queue.left = Object.values(answer.waiting).reduce((sum, count) => sum + count, 0) - unsent();
  render();
}

async function restart() {
  Object.assign(queue, { items: [], at: 0, types: [] });
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
  $("type").value = "";
  loupe.reset();
  showPicture(item);
  showFacts(item);
  showTypes();
  preload(queue.items[queue.at + 1]);
}

/** Labels that the service has not counted yet. */
function unsent() {
  return outbox.waiting.reduce((sum, label) => sum + (label.label === "retracted" ? -1 : 1), 0);
}

function showWaiting() {
  const count = Math.max(0, queue.left);
  $("waiting").textContent = n("{count} part waits", "{count} parts wait", count);
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

function showPicture(item) {
  const { frame, overlay } = item.images;
  const lost = item.result.images.length ? t("The picture is still on its way from the station.") : t("The station kept no picture of this part.");
  const missing = item.images_removed.includes("frame") ? t("The picture was removed by the plant's retention rules.") : lost;
  $("frame").hidden = !frame;
  $("no-picture").hidden = Boolean(frame);
  $("no-picture").textContent = frame ? "" : missing;
  if (frame) $("frame").src = imageUrl(frame, "display");
  $("frame").alt = t("part {part}", { part: item.result.part_id });
  $("map").hidden = !overlay || !frame;
  if (overlay) $("map").src = imageUrl(overlay, "original");
}

function showFacts(item) {
  const { result } = item;
  $("verdict").replaceChildren(verdictBadge(result.verdict, "medium"));
  $("score").replaceChildren(result.reason ? h("p", { class: "reason" }, result.reason) : scoreBar(result.score, result.threshold));
  const took_us = result.times.verdict_us - (result.times.frame_received_us ?? result.times.trigger_us);
  const rows = [
    [t("Part"), result.part_id],
    [t("Station"), result.station],
    [t("Recipe"), result.recipe],
    [t("Taken"), when(result.captured_at)],
    [t("Model"), h("code", {}, short(result.bundle_id))],
    [t("Took"), milliseconds(took_us / 1000)],
  ];
  if (queue.drawn.has(result.id)) rows.push([t("Drawn"), t("by chance, to check what is passed")]);
  if (result.defect_class) rows.push([t("Suspected"), result.defect_class]);
  $("facts").replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
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
  const type = $("type").value.trim();
  const body = { result_id: item.result.id, label };
  if (label === "defect" && type) {
    body.defect_type = type;
    if (!queue.types.includes(type)) queue.types.push(type);
  }
  queue.answered.add(item.result.id);
  queue.history.push(item.result.id);
  queue.left -= 1;
  outbox.add(body);
  move(1);
}

function undo() {
  const id = queue.history.pop();
  if (id === undefined) return say(t("Nothing to undo on this page."));
  if (!outbox.take(id)) outbox.add({ result_id: id, label: "retracted" });
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
  if (queue.items.length - queue.at < REFILL_BELOW) load().catch((error) => say(error.message, true));
}

function putBack(label, error) {
  queue.answered.delete(label.result_id);
  queue.left += 1;
  queue.history = queue.history.filter((id) => id !== label.result_id);
  say(t("not stored: {reason}", { reason: error.message }), true);
}

function showOutbox(waiting, problem) {
  if (problem) say(t("{count} not stored yet, trying again: {reason}", { count: waiting, reason: problem }), true);
  else say(waiting ? t("saving {count}…", { count: waiting }) : t("✓ all saved"));
}

function say(text, bad = false) {
  $("outbox").textContent = text;
  $("outbox").classList.toggle("bad", bad);
  showWaiting();
}

function applyOpacity() {
  $("map").style.opacity = String(Number($("opacity").value) / 100);
}

function toggleMap() {
  const slider = $("opacity");
  slider.dataset.before ??= "60";
  if (Number(slider.value) > 0) slider.dataset.before = slider.value;
  slider.value = Number(slider.value) > 0 ? "0" : slider.dataset.before;
  applyOpacity();
}

const KEYS = { g: () => answer("good"), d: () => answer("defect"), u: () => answer("unsure"), n: () => move(1), arrowright: () => move(1), arrowleft: () => move(-1), z: undo, m: toggleMap, t: () => $("type").focus(), "+": loupe.nearer, "=": loupe.nearer, "-": loupe.farther, 0: () => loupe.reset(), b: () => loupe.brighten(1.25), v: () => loupe.brighten(0.8) };

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
$("opacity").addEventListener("input", applyOpacity);
for (const id of Object.values(FILTERS)) $(id).addEventListener("change", filter);
window.addEventListener("beforeunload", (event) => outbox.waiting.length && event.preventDefault());

applyOpacity();
const [recipes, stations] = await Promise.all([get("/recipes"), get("/stations")]);
$("recipe").append(...recipes.map((recipe) => h("option", {}, recipe.name)));
$("station").append(...stations.map((station) => h("option", {}, station.name)));
readAddress();
// Fresh parts come in by themselves, but never move what a person is looking at.
poll(load, 5000);
