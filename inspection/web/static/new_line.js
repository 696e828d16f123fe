// From a camera to a judging station, step by step: name, view, good parts, model, go.

import { get, imageUrl, post, postFile } from "./api.js";
import { complain, h, percent } from "./dom.js";
import { feasibility, feasibilityLines } from "./feasibility.js";
import { n, t } from "./language.js";
import { poll } from "./poll.js";
import { Region } from "./region.js";
import { stationFile } from "./station_file.js";
import { told } from "./told.js";
import { Trial } from "./trial.js";

const ENOUGH = 20; // good parts: fewer train, too, and promise little
const FRESH = 48;
const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const state = { recipe: asked.get("recipe"), station: asked.get("station"), fresh: [], bad: new Set(), picture: null, job: null };
const trial = new Trial($("tried"), (text) => say(text));
const region = new Region($("region"), showView);
const recipePath = () => `/recipes/${encodeURIComponent(state.recipe)}`;
const say = (text) => ($("said").textContent = text);

async function setUp(event) {
  event.preventDefault();
  const fields = event.target.elements;
  const [recipe, station] = [fields.recipe.value.trim(), fields.station.value.trim()];
  const problem = $("step-name").querySelector(".problem");
  complain(problem, null);
  try {
    const [recipes, stations] = await Promise.all([get("/recipes"), get("/stations")]);
    if (!recipes.some((known) => known.name === recipe)) await post("/recipes", { name: recipe });
    if (!stations.some((known) => known.name === station)) await newStation({ recipe, station, camera: fields.camera.value });
  } catch (error) {
    complain(problem, error.message);
    return;
  }
  Object.assign(state, { recipe, station, fresh: [], picture: null, job: null });
  history.replaceState(null, "", `?${new URLSearchParams({ recipe, station })}`);
  again();
}

async function newStation({ recipe, station, camera }) {
  const made = await post("/stations", { name: station, recipe });
  const signer = await get("/keys/public");
  $("key-text").textContent = made.api_key;
  $("toml-text").textContent = stationFile({ station, recipe, camera, plant: location.origin, publicKey: signer.public_key });
  $("station-file").hidden = false;
}

async function refresh() {
  if (!state.recipe || !state.station) return;
  const waiting = await get(`/review/queue?${new URLSearchParams({ recipe: state.recipe, station: state.station, limit: FRESH, order: "time" })}`);
  state.fresh = waiting.results.filter((item) => item.images.frame);
  if (state.picture === null && state.fresh.length) showPicture(state.fresh[0]);
  showFresh();
  const models = await get(`${recipePath()}/models`);
  showCounts(models);
  await showJob(models);
}

function showPicture(item) {
  state.picture = item;
  $("no-live").hidden = true;
  $("live-picture").src = imageUrl(item.images.frame, "display");
}

async function pictureLoaded() {
  const beside = await get(`/results/${state.picture.result.id}/beside`);
  const [width, height] = beside.picture_px ?? [$("live-picture").naturalWidth, $("live-picture").naturalHeight];
  region.open(width, height);
  showView();
}

function showView() {
  const value = (id) => Number($(id).value);
  const { roi, ignored } = region;
  $("region-text").textContent = roi ? t("Region {width} × {height} px at {x}, {y}; {count} ignored.", { width: roi.width_px, height: roi.height_px, x: roi.x_px, y: roi.y_px, count: ignored.length }) : t("Draw on the picture; without a region the whole picture is looked at.");
  $("feasibility").replaceChildren(...feasibilityLines(feasibility(viewed())));
  $("save-view").disabled = state.picture === null;
  function viewed() {
    return { width_px: region.canvas.width, view_mm: value("view-mm"), defect_mm: value("defect-mm"), speed_mm_s: value("speed"), exposure_ms: value("exposure") };
  }
}

async function saveView() {
  const [versions, mask] = await Promise.all([get(`${recipePath()}/versions`), region.mask()]);
  const found = feasibility({ width_px: region.canvas.width, view_mm: Number($("view-mm").value), defect_mm: Number($("defect-mm").value) });
  const settings = {
    ...versions[0]?.settings,
    roi: region.roi,
    invariant: $("rotation").checked ? ["rotation"] : [],
    smallest_defect_px: found ? Math.max(1, found.defect_px) : null,
    ignore_mask_sha256: mask === null ? null : (await postFile(`${recipePath()}/images`, mask)).sha256,
    golden_sha256: $("golden").checked ? state.picture.images.frame : null,
  };
  await attempt(() => post(`${recipePath()}/versions`, { settings, reason: t("set up with the page New line") }), t("✓ kept for the recipe"));
}

function showFresh() {
  const key = state.fresh.map((item) => item.result.id).join();
  if ($("fresh").dataset.shown === key) return;
  $("fresh").dataset.shown = key;
  $("fresh").replaceChildren(...state.fresh.map(thumb));
  $("goods-count").textContent = n("{count} part waits", "{count} parts wait", state.fresh.length);
  $("keep-goods").disabled = state.fresh.length === 0;
}

function thumb({ result, images }) {
  const toggle = (event) => {
    if (!state.bad.delete(result.id)) state.bad.add(result.id);
    event.currentTarget.setAttribute("aria-pressed", String(state.bad.has(result.id)));
  };
  return h("button", { type: "button", class: "member", "aria-pressed": String(state.bad.has(result.id)), "aria-label": t("{part} is not good", { part: result.part_id }), onclick: toggle }, h("span", { class: "stack" }, h("img", { src: imageUrl(images.frame, "thumb"), alt: "" })));
}

async function keepGoods() {
  const ids = state.fresh.map((item) => item.result.id);
  const [bad, good] = [ids.filter((id) => state.bad.has(id)), ids.filter((id) => !state.bad.has(id))];
  await attempt(async () => {
    if (good.length) await post("/labels/batch", { result_ids: good, label: "good", from_queue: true });
    if (bad.length) await post("/labels/batch", { result_ids: bad, label: "defect", from_queue: true });
  }, n("✓ {count} kept as good", "✓ {count} kept as good", good.length));
  again();
}

function showCounts({ samples, models, champion_id: champion }) {
  const goods = samples.goods.train + samples.goods.holdout;
  const missing = Math.max(0, ENOUGH - goods);
  $("enough").textContent = missing ? n("{goods} good parts so far; {count} more is wise before training", "{goods} good parts so far; {count} more are wise before training", missing, { goods }) : t("✓ {goods} good parts: enough to begin", { goods });
  $("train").disabled = samples.goods.train < 5 || ["queued", "running"].includes(state.job?.state);
  const ready = models.find((model) => model.gate?.passed && model.gate_is_current && !model.champion);
  $("promise").hidden = models.length === 0;
  $("promise").textContent = told(models[0]?.promise) ?? "";
  showTrial(models[0]);
  $("go").disabled = !ready;
  $("go").dataset.bundle = ready?.id ?? "";
  $("watch").hidden = champion === null;
}

/** The newest model, whether its gate passed or not. */
function showTrial(model) {
  trial.of(state.recipe, model);
  for (const id of ["try-live", "try-held", "try-files"]) $(id).disabled = !model;
  $("tried-count").textContent = model ? trial.summary() : t("Train the model first.");
}

async function tryOut(action) {
  await action();
  $("tried-count").textContent = trial.summary();
}

function tryLive() {
  const on = trial.live === null;
  $("try-live").setAttribute("aria-pressed", String(on));
  trial.watch(on ? state.station : null);
}

async function showJob() {
  const [job] = await get(`/jobs?recipe=${encodeURIComponent(state.recipe)}&limit=1`);
  state.job = job ?? null;
  if (!job) return;
  const words = { queued: t("waiting"), running: `${percent(job.progress, 0)} ${told(job.step)}`, succeeded: t("done"), failed: told(job.error) ?? "", cancelled: t("cancelled") };
  $("job").textContent = words[job.state];
}

async function attempt(action, done) {
  try {
    await action();
    say(done);
    $("said").classList.remove("bad");
  } catch (error) {
    say(error.message);
    $("said").classList.add("bad");
  }
}

async function train() {
  await attempt(() => post("/jobs", { kind: "train", recipe: state.recipe }), t("training"));
  again();
}

async function go() {
  if (trial.live !== null) tryLive();
  await attempt(() => post(`${recipePath()}/promote`, { bundle_id: $("go").dataset.bundle, reason: t("set up with the page New line") }), t("✓ the station takes the model between two parts"));
  again();
}

$("name-form").addEventListener("submit", setUp);
$("live-picture").addEventListener("load", () => pictureLoaded().catch((error) => say(error.message)));
$("another-picture").addEventListener("click", () => state.fresh.length && showPicture(state.fresh[Math.floor(Math.random() * state.fresh.length)]));
$("clear-region").addEventListener("click", () => region.clear());
$("region-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const numbers = $("region-numbers").value.split(",").map((text) => Math.round(Number.parseFloat(text)));
  if (numbers.length === 4 && region.put(...numbers)) $("region-numbers").value = "";
  else say(t("Expected four numbers inside a picture of {width} × {height} px, at least 8 px wide and high.", { width: region.canvas.width, height: region.canvas.height }));
});
$("save-view").addEventListener("click", saveView);
$("keep-goods").addEventListener("click", keepGoods);
$("train").addEventListener("click", train);
$("try-live").addEventListener("click", tryLive);
$("try-held").addEventListener("click", () => tryOut(() => trial.heldOut()));
$("try-files").addEventListener("change", (event) => tryOut(() => trial.files(event.target.files)));
$("go").addEventListener("click", go);
for (const id of ["view-mm", "defect-mm", "speed", "exposure"]) $(id).addEventListener("input", showView);
for (const button of document.querySelectorAll("[data-region]")) {
  button.addEventListener("click", () => {
    region.mode = button.dataset.region;
    for (const other of document.querySelectorAll("[data-region]")) other.setAttribute("aria-pressed", String(other === button));
  });
}
const [recipes, stations] = await Promise.all([get("/recipes"), get("/stations")]);
$("known-recipes").replaceChildren(...recipes.map((recipe) => h("option", { value: recipe.name })));
$("known-stations").replaceChildren(...stations.map((station) => h("option", { value: station.name })));
for (const name of ["recipe", "station"]) if (state[name]) $("name-form").elements[name].value = state[name];
showView();
const again = poll(refresh, 2000);
