// From a camera to a judging station, step by step: name, view, good parts, model, go.

import { get, imageUrl, post, postFile } from "./api.js";
import { complain, h, once, percent } from "./dom.js";
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
const state = { recipe: asked.get("recipe"), station: asked.get("station"), fresh: [], bad: new Set(), picture: null, kept: null, golden: null, job: null };
const trial = new Trial($("tried"), (text) => say(text, true));
const region = new Region($("region"), showView);
const recipePath = () => `/recipes/${encodeURIComponent(state.recipe)}`;

function say(text, bad = false) {
  $("said").textContent = text;
  $("said").classList.toggle("bad", bad);
}

async function setUp(event) {
  event.preventDefault();
  const fields = event.target.elements;
  const [recipe, station] = [fields.recipe.value.trim(), fields.station.value.trim()];
  const problem = $("step-name").querySelector(".problem");
  complain(problem, null);
  try {
    const [recipes, stations] = await Promise.all([get("/recipes"), get("/stations")]);
    const there = stations.find((known) => known.name === station);
    if (there && there.recipe !== recipe) throw new Error(t("The station {station} inspects {recipe}: choose another name for the new one.", { station, recipe: there.recipe }));
    if (!recipes.some((known) => known.name === recipe)) await post("/recipes", { name: recipe });
    if (!there) await showFiles(() => post("/stations", { name: station, recipe }), { station, recipe });
    showKnown(there !== undefined, station);
  } catch (error) {
    complain(problem, error.message);
    return;
  }
  Object.assign(state, { recipe, station, fresh: [], picture: null, kept: null, job: null });
  history.replaceState(null, "", `?${new URLSearchParams({ recipe, station })}`);
  again();
}

/** The two files of a station; `make` gives its key, which is told once. */
async function showFiles(make, { station, recipe }) {
  const signer = await get("/keys/public");
  const made = await make();
  const camera = $("name-form").elements.camera.value;
  $("key-text").textContent = made.api_key;
  $("toml-text").textContent = stationFile({ station, recipe, camera, plant: location.origin, publicKey: signer.public_key });
  $("station-file").hidden = false;
}

/** Of a station that was there before the files are not shown again. */
function showKnown(isThere, station) {
  const file = $("station-file");
  if (isThere && station !== state.station) file.hidden = true;
  $("station-known").hidden = !isThere || !file.hidden;
}

/** For a station of which nobody has saved the files. */
async function anotherKey() {
  const problem = $("step-name").querySelector(".problem");
  complain(problem, null);
  try {
    await showFiles(() => post(`/stations/${encodeURIComponent(state.station)}/key`), state);
    $("station-known").hidden = true;
  } catch (error) {
    complain(problem, error.message);
  }
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
  if (state.kept === null) await showKept();
  showView();
}

/** Somebody who comes back goes on with what was chosen: to keep one thing takes none of the others away. */
async function showKept() {
  const [newest] = await get(`${recipePath()}/versions`);
  const kept = newest?.settings ?? {};
  const mask = kept.ignore_mask_sha256 ? Object.assign(new Image(), { src: imageUrl(kept.ignore_mask_sha256, "original") }) : null;
  await mask?.decode();
  Object.assign(state, { kept, golden: kept.golden_sha256 ?? null });
  $("rotation").checked = kept.invariant?.includes("rotation") ?? false;
  $("golden").checked = state.golden !== null;
  region.takeOver(kept.roi ?? null, mask);
}

/** The picture that is seen is the one to align to. */
function chooseGolden() {
  state.golden = $("golden").checked ? state.picture?.images.frame ?? null : null;
}

function showAnother() {
  if (state.fresh.length === 0) return;
  showPicture(state.fresh[Math.floor(Math.random() * state.fresh.length)]);
  chooseGolden();
}

function showView() {
  const value = (id) => Number($(id).value);
  const { roi, ignored } = region;
  $("region-text").textContent = roi ? t("Region {width} × {height} px at {x}, {y}; {count} ignored.", { width: roi.width_px, height: roi.height_px, x: roi.x_px, y: roi.y_px, count: ignored.length }) : t("Draw on the picture; without a region the whole picture is looked at.");
  $("feasibility").replaceChildren(...feasibilityLines(feasibility(viewed())));
  $("save-view").disabled = state.picture === null || state.kept === null;
  function viewed() {
    return { width_px: region.canvas.width, view_mm: value("view-mm"), defect_mm: value("defect-mm"), speed_mm_s: value("speed"), exposure_ms: value("exposure") };
  }
}

async function saveView() {
  await attempt(async () => post(`${recipePath()}/versions`, { settings: await viewSettings(), reason: t("set up with the page New line") }), t("✓ kept for the recipe"));
}

async function viewSettings() {
  const [[newest], mask] = await Promise.all([get(`${recipePath()}/versions`), region.mask()]);
  const kept = newest?.settings ?? {};
  const found = feasibility({ width_px: region.canvas.width, view_mm: Number($("view-mm").value), defect_mm: Number($("defect-mm").value) });
  return {
    ...kept,
    roi: region.roi,
    invariant: [...(kept.invariant ?? []).filter((way) => way !== "rotation"), ...($("rotation").checked ? ["rotation"] : [])],
    smallest_defect_px: found ? Math.max(1, found.defect_px) : kept.smallest_defect_px ?? null,
    ignore_mask_sha256: mask === null ? null : (await postFile(`${recipePath()}/images`, mask)).sha256,
    golden_sha256: state.golden,
  };
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
  } catch (error) {
    say(error.message, true);
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
$("another-key").addEventListener("click", once(anotherKey));
$("live-picture").addEventListener("load", () => pictureLoaded().catch((error) => say(error.message, true)));
$("another-picture").addEventListener("click", showAnother);
$("golden").addEventListener("change", chooseGolden);
$("clear-region").addEventListener("click", () => region.clear());
$("region-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const numbers = $("region-numbers").value.split(",").map((text) => Math.round(Number.parseFloat(text)));
  if (numbers.length === 4 && region.put(...numbers)) $("region-numbers").value = "";
  else say(t("Expected four numbers inside a picture of {width} × {height} px, at least 8 px wide and high.", { width: region.canvas.width, height: region.canvas.height }), true);
});
$("save-view").addEventListener("click", saveView);
$("keep-goods").addEventListener("click", keepGoods);
$("train").addEventListener("click", train);
$("try-live").addEventListener("click", tryLive);
$("try-held").addEventListener("click", () => tryOut(() => trial.heldOut()));
$("try-files").addEventListener("change", async ({ target }) => {
  await tryOut(() => trial.files([...target.files]));
  target.value = ""; // the same file can be tried again
});
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
const isThere = stations.some(({ name, recipe }) => name === state.station && recipe === state.recipe);
if (!isThere) Object.assign(state, { recipe: null, station: null }); // a link to what is not there any more
showKnown(isThere, state.station);
showView();
const again = poll(refresh, 2000);
