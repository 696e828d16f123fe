// Alike parts, cleared by one decision; those that a click keeps out are judged alone.

import { get, imageUrl, post } from "./api.js";
import { ask } from "./dialog.js";
import { flag, h, number, verdictBadge, verdictWord } from "./dom.js";
import { Filters } from "./filters.js";
import { n, t } from "./language.js";

const $ = (id) => document.getElementById(id);
const mayLabel = flag("may-label");
const mayChange = flag("may-change");
const MOST_SHOWN = 24;
const state = { groups: [], at: 0, done: [], shownAt: performance.now() };
const filters = new Filters({ recipe: "recipe", station: "station", verdict: "verdict-filter" }, load);

async function load() {
  const answer = await get(`/review/groups?${new URLSearchParams(filters.chosen())}`);
  state.groups = answer.groups.map((group) => ({ ...group, out: new Set() }));
  state.at = 0;
  $("types").replaceChildren(...answer.defect_types.map((type) => h("option", { value: type })));
  $("alone").textContent = n("{count} part is like no other", "{count} parts are like no other", answer.alone);
  render();
}

function render() {
  const none = state.groups.length === 0;
  $("groups").hidden = none;
  $("empty").hidden = !none;
  $("empty").replaceChildren(h("b", {}, t("No alike parts wait.")), " ", h("a", { href: "/review" }, t("Review part by part →")));
  $("groups").replaceChildren(...state.groups.map(card));
  choose(Math.min(state.at, Math.max(0, state.groups.length - 1)));
}

function card(group, index) {
  const first = group.results[0].result;
  const title = n("{count} part", "{count} parts", group.ids.length);
  const type = h("input", { maxlength: 64, list: "types", placeholder: t("optional, e.g. scratch"), "aria-label": t("Type"), autocomplete: "off", disabled: !mayLabel });
  const button = (label, word, key) => h("button", { type: "button", class: label, disabled: !mayLabel, onclick: () => decide(index, label) }, h("kbd", {}, key), " ", word);
  return h(
    "li",
    { class: "panel group", tabindex: "-1", "data-index": String(index), onfocusin: () => mark(index) },
    h("header", {}, verdictBadge(first.verdict, "medium"), h("h2", {}, title), h("span", { class: "muted" }, [first.recipe, first.defect_class].filter(Boolean).join(" · "))),
    h("div", { class: "thumbs" }, order(group).slice(0, MOST_SHOWN).map((item) => member(group, item)), group.ids.length > MOST_SHOWN ? h("span", { class: "muted" }, t("and {count} more", { count: group.ids.length - MOST_SHOWN })) : null),
    h("div", { class: "row answers-of-group" }, button("good", t("Good"), "G"), button("defect", t("Defect"), "D"), type, button("unsure", t("Unsure"), "U"), mayChange && first.verdict === "FAIL" ? h("button", { type: "button", class: "quiet", onclick: () => accept(index) }, t("Accept as good…")) : null),
  );
}

/** The worst and the odd ones first: who sees only the typical ones clears what he has not looked at. */
function order(group) {
  const first = (item) => item.result.id === group.worst || group.odd.includes(item.result.id);
  return [...group.results.filter(first), ...group.results.filter((item) => !first(item))];
}

function member(group, { result, images }) {
  const odd = group.odd.includes(result.id);
  const note = result.id === group.worst ? t("highest score") : odd ? t("least alike") : null;
  const words = [result.part_id, verdictWord(result.verdict), number(result.score), note].filter(Boolean).join(", ");
  const toggle = (event) => {
    if (!group.out.delete(result.id)) group.out.add(result.id);
    event.currentTarget.setAttribute("aria-pressed", String(group.out.has(result.id)));
  };
  return h(
    "button",
    { type: "button", class: `member ${note ? "noted" : ""}`, "aria-pressed": "false", "aria-label": t("keep {part} out", { part: words }), title: words, onclick: toggle },
    h("span", { class: "stack" }, images.frame ? h("img", { src: imageUrl(images.frame, "thumb"), alt: "", loading: "lazy" }) : null, images.overlay ? h("img", { class: "map", src: imageUrl(images.overlay, "original"), alt: "", loading: "lazy" }) : null),
    h("small", {}, note ?? number(result.score)),
  );
}

function mark(index) {
  if (index !== state.at) state.shownAt = performance.now();
  state.at = index;
  for (const element of $("groups").children) element.classList.toggle("chosen", Number(element.dataset.index) === index);
}

function choose(index) {
  mark(index);
  const element = $("groups").children[index];
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: "nearest" });
}

async function decide(index, label) {
  const group = state.groups[index];
  if (!group || !mayLabel) return;
  const ids = group.ids.filter((id) => !group.out.has(id));
  if (ids.length === 0) return;
  const type = $("groups").children[index].querySelector("input").value.trim();
  const body = { result_ids: ids, label, took_s: (performance.now() - state.shownAt) / 1000 };
  if (label === "defect" && type) body.defect_type = type;
  if (!(await send(body, n("{count} part judged", "{count} parts judged", ids.length)))) return;
  state.done.push(ids);
  state.groups.splice(index, 1);
  render();
}

/** Overkill of one kind: the champion learns to tolerate it, and the page Models shows how that went. */
function accept(index) {
  const group = state.groups[index];
  const ids = group.ids.filter((id) => !group.out.has(id));
  const recipe = encodeURIComponent(group.results[0].result.recipe);
  const dialog = $("accept-dialog");
  dialog.querySelector("textarea").value = "";
  ask(dialog, async (fields) => {
    await post(`/recipes/${recipe}/acceptances`, { result_ids: ids, reason: fields.reason.value });
    state.groups.splice(state.groups.indexOf(group), 1);
    render();
    $("outbox").replaceChildren(n("{count} part accepted", "{count} parts accepted", ids.length), " ", h("a", { href: `/models?recipe=${recipe}` }, t("see what the gate says →")));
  });
}

async function undo() {
  const ids = state.done.pop();
  if (!ids) return say(t("Nothing to undo on this page."));
  if (await send({ result_ids: ids, label: "retracted" }, t("Taken back."))) await load();
  else state.done.push(ids);
  return undefined;
}

async function send(body, done) {
  try {
    await post("/labels/batch", body);
  } catch (error) {
    say(t("not stored: {reason}", { reason: error.message }), true);
    return false;
  }
  say(done);
  return true;
}

function say(text, bad = false) {
  $("outbox").textContent = text;
  $("outbox").classList.toggle("bad", bad);
}

const step = (by) => choose(Math.max(0, Math.min(state.groups.length - 1, state.at + by)));
const KEYS = { g: () => decide(state.at, "good"), d: () => decide(state.at, "defect"), u: () => decide(state.at, "unsure"), z: undo, arrowdown: () => step(1), arrowup: () => step(-1), t: () => $("groups").children[state.at]?.querySelector("input").focus() };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("select")) return;
  if (event.target.matches("input")) {
    if (event.key === "Escape" || event.key === "Enter") event.target.closest("li").focus();
    if (event.key === "Enter") decide(state.at, "defect");
    return;
  }
  const act = KEYS[event.key.toLowerCase()];
  if (!act || event.repeat) return;
  event.preventDefault();
  act();
});
$("undo").addEventListener("click", undo);
await filters.start();
load().catch((error) => say(error.message, true));
