// The models page: versions of a recipe, their evidence, training.

import { acceptancesPanel } from "./acceptances_panel.js";
import { get, post } from "./api.js";
import { dataPanel } from "./data_panel.js";
import { Decisions, pending } from "./decisions.js";
import { ask } from "./dialog.js";
import { complain, flag, h } from "./dom.js";
import { doubtsPanel } from "./doubts_panel.js";
import { jobsPanel } from "./jobs_panel.js";
import { n, t } from "./language.js";
import { detailPanel, heldoutSince, historyPanel, versionsPanel } from "./model_panels.js";
import { newest } from "./newest.js";
import { poll } from "./poll.js";
import { recipePanel } from "./recipe_panel.js";
import { rolloutPanel } from "./rollout_panel.js";
import { shadowPanel } from "./shadow_panel.js";
import { askForStages } from "./stages_dialog.js";
import { trainingPanel } from "./training_panel.js";

const $ = (id) => document.getElementById(id);
const mayChange = flag("may-change");
const NO_REPORT = { key: null, report: null };
const state = { reported: NO_REPORT, doubted: {}, recipe: new URLSearchParams(location.search).get("recipe"), selected: null, drawn: {}, opened: new Set(), logOpen: false, last: null };
const decisions = new Decisions("models");
const asking = newest();

async function refresh() {
  const isNewest = asking();
  const recipes = await get("/recipes");
  if (!isNewest()) return;
  if (recipes.length === 0) return showEmpty();
  if (!recipes.some((recipe) => recipe.name === state.recipe)) state.recipe = recipes[0].name;
  draw("recipes", recipes.map((recipe) => [recipe.name, recipe.name === state.recipe]), () => tabs(recipes));
  const { models, job, rollout, shadow } = await factsOf(encodeURIComponent(state.recipe));
  const [doubts, report] = isNewest() ? [await doubtsOf(models), await reportOf(models)] : [];
  if (!isNewest()) return; // somebody has turned to another recipe meanwhile
  $("empty").hidden = true;
  $("content").hidden = false;
  draw("shadow", shadow, () => shadowPanel(shadow, mayChange, actions));
  state.underWay = rollout?.state === "running";
  draw("rollout", rollout, () => rolloutPanel(rollout, mayChange, actions));
  draw("doubts", doubts, () => doubtsPanel(doubts, mayChange ? actions.rule : null, state.opened));
  drawAll(models, job, report);
}

async function factsOf(name) {
  const [models, jobs] = await Promise.all([get(`/recipes/${name}/models`), get(`/jobs?recipe=${name}&limit=1`)]);
  const job = jobs.length ? await get(`/jobs/${jobs[0].id}`) : null;
  const [rollout] = models.champion_id === null ? [] : await get(`/recipes/${name}/rollouts`);
  const shadow = models.champion_id === null ? null : await get(`/recipes/${name}/shadow?limit=20`);
  return { models, job, rollout, shadow };
}

/** The doubtful labels, fetched when what there is to learn from changes. */
async function doubtsOf({ samples, waiting, models }) {
  const key = JSON.stringify([state.recipe, samples, waiting, models.length]);
  if (state.doubted.key !== key) state.doubted = { key, doubts: await get(`/recipes/${encodeURIComponent(state.recipe)}/samples/doubts`) };
  return state.doubted.doubts;
}

/** The flips of the selected version, fetched when it or its gate changes. */
async function reportOf(models) {
  const model = models.models.find((candidate) => candidate.id === state.selected) ?? models.models[0];
  if (!model?.gate) return null;
  const key = `${model.id} ${model.gate.created_at}`;
  if (state.reported.key !== key) state.reported = { key, report: await get(`/recipes/${encodeURIComponent(state.recipe)}/models/${model.id}/gate`) };
  return state.reported.report;
}

function drawAll(models, job, report) {
  state.last = [models, job, report];
  state.hasChampion = models.champion_id !== null;
  if (!models.models.some((model) => model.id === state.selected)) state.selected = models.models[0]?.id ?? null;
  const context = { models, job, mayChange, selected: state.selected, report, opened: state.opened, logOpen: state.logOpen, actions };
  draw("training", [models.waiting, models.samples, job, models.champion_id], () => trainingPanel(context));
  draw("versions", [models.models, models.champion_id, state.selected, job?.state, state.underWay], () => versionsPanel(context));
  draw("detail", [models.models, models.champion_id, state.selected, report, job && [job.id, job.state], [...pending()], actions.mayUndo()], () => detailPanel(context));
  draw("settings", null, () => recipePanel(state.recipe, mayChange, state.opened));
  draw("data", models.models.length, () => dataPanel(state.recipe, state.opened));
  draw("accepted", [job?.id, job?.state], () => acceptancesPanel(state.recipe, mayChange, state.opened));
  draw("jobs", [job?.id, job?.state], () => jobsPanel(state.recipe, state.opened));
  draw("history", [models.promotions, models.rollback_to], () => historyPanel(context));
}

/** Redraws a part of the page only when what it shows has changed, so that a click never meets a moving target. */
function draw(id, shown, build) {
  const key = JSON.stringify([state.recipe, shown]);
  if (state.drawn[id] === key) return;
  state.drawn[id] = key;
  $(id).replaceChildren(...build());
}

function tabs(recipes) {
  return recipes.map((recipe) =>
    h("button", { type: "button", class: "tab", "aria-pressed": String(recipe.name === state.recipe), onclick: () => open(recipe.name) }, recipe.name, recipe.review_waiting ? h("small", {}, " ", n("{count} to review", "{count} to review", recipe.review_waiting)) : null),
  );
}

function open(recipe) {
  state.recipe = recipe;
  state.selected = null;
  if ($("why")) $("why").value = ""; // it was said of another part type
  history.replaceState(null, "", `?recipe=${encodeURIComponent(recipe)}`);
  again();
}

function showEmpty() {
  $("content").hidden = true;
  $("empty").hidden = false;
  $("empty").replaceChildren(h("b", {}, t("No recipe yet.")), " ", t("A recipe is a part type. Add one, then upload images of good parts to it."));
}

const recipePath = () => `/recipes/${encodeURIComponent(state.recipe)}`;

const actions = {
  mayStage: () => !state.underWay && state.hasChampion,
  stage: (model) => askForStages(state.recipe, model.id, heldoutSince(model), again),
  shadow: (model) => reason(t("Try {bundle} beside the champion", { bundle: model.id.slice(0, 10) }), t("Every station of this recipe asks it, too, in spare time; it decides nothing."), t("Try"), (text) => post(`${recipePath()}/shadow`, { bundle_id: model.id, reason: text })),
  endShadow: () => reason(t("End the trial"), t("The stations let go of the challenger."), t("End"), (text) => post(`${recipePath()}/shadow`, { bundle_id: null, reason: text })),
  advance: () => reason(t("Next stage"), t("More stations run the new model; after the last stage it is promoted."), t("Advance"), (text) => post(`${recipePath()}/rollouts/current/advance`, { reason: text })),
  halt: () => reason(t("Halt the rollout"), t("The stations go back to the champion between two parts."), t("Halt"), (text) => post(`${recipePath()}/rollouts/current/halt`, { reason: text })),
  mayForce: flag("may-force"),
  mayLabel: flag("may-label"),
  select: (id) => {
    state.selected = id;
    again();
  },
  toggleLog: (isOpen) => {
    state.logOpen = isOpen;
  },
  train: (why) => start({ kind: "train", recipe: state.recipe, ...(why ? { reason: why } : {}) }),
  start: (body) => start({ recipe: state.recipe, ...body }),
  gate: (id) => start({ kind: "gate", recipe: state.recipe, bundle_id: id }),
  cancel: (id) => attempt(() => post(`/jobs/${id}/cancel`)),
  promote: (model) =>
    reason(t("Promote {bundle}", { bundle: model.id.slice(0, 10) }), both(heldoutSince(model), t("Every station of this recipe switches to this model between two parts.")), t("Promote"), (text) => post(`${recipePath()}/promote`, { bundle_id: model.id, reason: text })),
  force: (model) =>
    reason(t("Force {bundle} past the gate", { bundle: model.id.slice(0, 10) }), both(heldoutSince(model), t("The gate refused this model. Every station of this recipe switches to it all the same; the history and the audit log say who forced it and why.")), t("Force"), (text) => post(`${recipePath()}/promote`, { bundle_id: model.id, reason: text, force: true })),
  pending: (id) => pending().get(id),
  mayUndo: () => state.last[2]?.flips.some(({ result_id: id }) => id === decisions.made.at(-1)?.ids[0]) ?? false, // of what is in sight
  label: (id, label) => judged(decisions.say([id], { label }).done),
  undo: () => judged(decisions.takeBack()?.done),
  rule: (rulings) =>
    attempt(async () => {
      state.doubted = {};
      for (const [sha256, body] of rulings) await post(`${recipePath()}/samples/${sha256}/ruling`, body);
    }),
  rollback: (id) =>
    reason(t("Roll back to {bundle}", { bundle: id.slice(0, 10) }), t("Every station of this recipe goes back to the champion before this one."), t("Roll back"), (text) => post(`${recipePath()}/rollback`, { reason: text })),
};

/** Shown at once; asked for again when the service has it. */
async function judged(done) {
  drawAll(...state.last);
  const error = await done;
  if (error) complain($("training").querySelector(".problem"), t("not stored: {reason}", { reason: error.message }));
  state.reported = NO_REPORT;
  again();
}

const both = (first, then) => (first === null ? then : `${first} ${then}`);

/** One job, until the page shows it: a button that is pressed twice asks once. */
async function start(body) {
  if (state.starting) return;
  state.starting = true;
  await attempt(() => post("/jobs", body));
  state.starting = false;
}

async function attempt(action) {
  const problem = $("training").querySelector(".problem");
  try {
    await action();
  } catch (error) {
    if (problem) complain(problem, error.message);
    return;
  }
  await again();
}

function reason(title, text, verb, action) {
  const dialog = $("reason-dialog");
  dialog.querySelector("h2").textContent = title;
  $("reason-text").textContent = text;
  dialog.querySelector(".primary").textContent = verb;
  dialog.querySelector("textarea").value = "";
  ask(dialog, async (fields) => {
    await action(fields.reason.value);
    again();
  });
}

$("add-recipe")?.addEventListener("click", () =>
  ask($("recipe-dialog"), async (fields) => {
    const made = await post("/recipes", { name: fields.name.value.trim() });
    open(made.name);
  }),
);
const again = poll(refresh, 1000);
