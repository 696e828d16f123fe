// Alike parts, cleared by one decision; those that are kept out are judged alone.

import { takeBack } from "./acceptances_panel.js";
import { get, post } from "./api.js";
import { Decisions, pending } from "./decisions.js";
import { ask } from "./dialog.js";
import { flag, h } from "./dom.js";
import { Filters } from "./filters.js";
import { GroupCard } from "./group_card.js";
import { listen } from "./keys.js";
import { n, t } from "./language.js";
import { onReturn } from "./link.js";
import { newest } from "./newest.js";
import { outbox } from "./outbox.js";

const $ = (id) => document.getElementById(id);
const MAY = { label: flag("may-label"), change: flag("may-change") };
const DECIDED_KEPT = 20;
const state = { cards: [], at: 0, shownAt: performance.now(), out: new Set(), decided: new Map(), said: "", behind: false };
const filters = new Filters({ recipe: "recipe", station: "station", verdict: "verdict-filter" }, () => load().catch((error) => say(error.message, true)));
const decisions = new Decisions("groups");
const asking = newest();

async function load() {
  const isNewest = asking();
  state.behind = true; // what is shown is not what the filters say, until the answer is here
  const answer = await get(`/review/groups?${new URLSearchParams(filters.chosen())}`);
  if (!isNewest()) return;
  state.behind = false;
  const said = pending(); // decided here, and not counted by the service yet
  state.cards = answer.groups.filter(({ ids }) => !ids.some((id) => said.has(id))).map(card);
  state.at = 0;
  $("types").replaceChildren(...answer.defect_types.map((type) => h("option", { value: type })));
  $("alone").textContent = n("{count} part is like no other", "{count} parts are like no other", answer.alone);
  render();
}

const card = (group) => new GroupCard(group, state.out, MAY, { decide, accept, mark: (one) => mark(state.cards.indexOf(one)) });

function render() {
  const none = state.cards.length === 0;
  $("groups").hidden = none;
  $("empty").hidden = !none;
  $("empty").replaceChildren(h("b", {}, t("No alike parts wait.")), " ", h("a", { href: "/review" }, t("Review part by part →")));
  $("groups").replaceChildren(...state.cards.map(({ element }) => element));
  choose(Math.min(state.at, Math.max(0, state.cards.length - 1)));
}

function mark(index) {
  if (index !== state.at) state.shownAt = performance.now();
  state.at = index;
  for (const [place, { element }] of state.cards.entries()) element.classList.toggle("chosen", place === index);
}

function choose(index) {
  mark(index);
  const { element } = state.cards[index] ?? {};
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: "nearest" });
}

/** Goes on at once; the decision is sent when the service takes it. */
function decide(one, label) {
  const { ids } = one ?? { ids: [] };
  if (ids.length === 0 || !MAY.label) return;
  const type = label === "defect" ? one.type.value.trim() : "";
  const said = { label, took_s: (performance.now() - state.shownAt) / 1000, from_queue: true, ...(type ? { defect_type: type } : {}) };
  state.said = n("{count} part judged", "{count} parts judged", ids.length);
  say(state.said); // before it is sent: whether that can be stored now is what counts
  const { key, done } = decisions.say(ids, said);
  done.then((error) => error && refused(error));
  remove(one);
  state.decided.set(key, one);
  if (state.decided.size > DECIDED_KEPT) state.decided.delete(state.decided.keys().next().value);
}

function remove(one) {
  state.cards = state.cards.filter((other) => other !== one);
  render();
}

/** Overkill of one kind: the champion learns to tolerate it, and the page Models shows how that went. */
function accept(one) {
  if (!one?.accepts) return;
  const { ids } = one;
  const recipe = encodeURIComponent(one.first[0].result.recipe);
  const dialog = $("accept-dialog");
  dialog.querySelector("textarea").value = "";
  ask(dialog, async (fields) => {
    const accepted = await post(`/recipes/${recipe}/acceptances`, { result_ids: ids, reason: fields.reason.value, from_queue: true });
    remove(one);
    const back = h("button", { type: "button", class: "small", onclick: () => unaccept(accepted) }, t("Undo"));
    $("outbox").replaceChildren(n("{count} part accepted", "{count} parts accepted", ids.length), " ", h("a", { href: `/models?recipe=${recipe}` }, t("see what the gate says →")), " ", back);
  });
}

async function unaccept(accepted) {
  try {
    say(await takeBack(accepted));
  } catch (error) {
    return say(error.message, true);
  }
  return load().catch(() => {}); // away again: the banner says so
}

/** The group is there again at once where the page still has it; then the service says what is alike now. */
async function undo() {
  state.said = t("Taken back.");
  const taken = decisions.takeBack();
  if (!taken) return say((state.said = t("Nothing to undo on this page.")));
  const one = state.decided.get(taken.key);
  if (one) {
    state.decided.delete(taken.key);
    state.cards.splice(state.at, 0, one);
    render();
  }
  const error = await taken.done;
  if (error) return refused(error);
  return load().catch(() => {}); // away again: the banner says so
}

function refused(error) {
  state.said = "";
  say(t("not stored: {reason}", { reason: error.message }), true);
  load().catch(() => {});
}

/** Behind what the last decision was: whether all is stored. */
function showOutbox(waiting, problem) {
  if (problem) say(t("{count} not stored yet, trying again: {reason}", { count: waiting.length, reason: problem }), true);
  else if (waiting.length === 0 && state.said) say([state.said, t("✓ all saved")].join(" · "));
}

function say(text, bad = false) {
  $("outbox").textContent = text;
  $("outbox").classList.toggle("bad", bad);
}

const chosen = () => state.cards[state.at];
const step = (by) => choose(Math.max(0, Math.min(state.cards.length - 1, state.at + by)));
const turn = (by) => chosen()?.turn(by).catch((error) => say(error.message, true));
const member = () => document.activeElement.closest?.(".member");

function typed(key) {
  chosen()?.element.focus();
  if (key === "enter") decide(chosen(), "defect");
}

listen([
  {
    title: t("Judge"),
    rows: [
      { keys: ["g"], says: t("good"), act: () => decide(chosen(), "good") },
      { keys: ["d"], says: t("defect"), act: () => decide(chosen(), "defect") },
      { keys: ["u"], says: t("unsure"), act: () => decide(chosen(), "unsure") },
      { keys: ["t"], says: t("new type"), act: () => chosen()?.type.focus() },
      { keys: ["enter"], within: ".group input", says: t("in the field: defect of this type"), act: typed },
      { keys: ["escape"], within: ".group input", says: t("leave the field"), act: typed },
      { keys: ["a"], says: t("accept as good"), when: () => MAY.change, act: () => accept(chosen()) },
      { keys: ["z"], says: t("undo"), act: undo },
    ],
  },
  {
    title: t("Look"),
    rows: [
      { keys: ["arrowdown"], says: t("next group"), held: true, act: () => step(1) },
      { keys: ["arrowup"], says: t("group before"), held: true, act: () => step(-1) },
      { keys: ["arrowright"], says: t("next part"), held: true, act: () => chosen()?.step(1) },
      { keys: ["arrowleft"], says: t("part before"), held: true, act: () => chosen()?.step(-1) },
      { keys: ["x"], says: t("keep the part out, or not"), when: member, act: () => chosen().toggle(member()) },
      { keys: ["pagedown"], says: t("further parts of the group"), act: () => turn(1) },
      { keys: ["pageup"], says: t("parts of the group before"), act: () => turn(-1) },
      { keys: ["f"], says: t("to the filters"), act: () => $("recipe").focus() },
    ],
  },
]);
outbox.watch(showOutbox);
$("undo").addEventListener("click", undo);
await filters.start();
load().catch((error) => say(error.message, true));
onReturn(() => (state.behind || state.cards.length === 0) && load().catch(() => {}));
