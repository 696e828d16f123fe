// Where a model version comes from, in words, with the way to each of it.

import { get } from "./api.js";
import { h, short, when } from "./dom.js";
import { lazyPanel } from "./lazy_panel.js";
import { rich, t } from "./language.js";
import { told } from "./told.js";

const NOBODY = ["system", "schedule"];

/** One closed panel. */
export function lineagePanel(recipe, model, opened, select) {
  return lazyPanel(t("Where it comes from"), opened, async () => {
    const found = await get(`/recipes/${encodeURIComponent(recipe)}/models/${model.id}/lineage`);
    return [h("ul", { class: "lineage" }, sentences(found, model, select).map((line) => h("li", {}, line)))];
  });
}

function sentences(found, model, select) {
  return [parent(found, select), maker(found), ...found.reasons.map((reason) => [t("Why: "), h("q", {}, told(reason))]), data(found), settings(found), code(found), file(model)].filter((line) => line !== null);
}

/** Signed, so that another plant that trusts this one takes it, however it was carried there. */
const file = (model) => [h("a", { href: `/api/v1/bundles/${model.id}/file`, download: "" }, t("Download this version as a file")), " ", h("small", { class: "muted" }, t("It holds pictures of some parts; `inspection share` makes one without."))];

function parent(found, select) {
  if (found.parent_id === null) return t("It follows no other version.");
  const id = h("code", {}, short(found.parent_id));
  const known = h("button", { type: "button", class: "link", onclick: () => select(found.parent_id) }, id);
  return rich(found.origin === "job" ? "It follows version {bundle}, the champion of that time." : "It was made of version {bundle}.", { bundle: found.parent_known ? known : id });
}

function maker(found) {
  const date = when(found.made_at).slice(0, 16);
  if (found.job_id === null) return t("Made elsewhere {date}, and uploaded.", { date });
  const who = NOBODY.includes(found.made_by) ? t("the service by itself") : found.made_by;
  return [...rich("Asked for by {user}, made {date}: ", { user: h("b", {}, who), date }), reveal("jobs", t("the jobs so far"))];
}

function data(found) {
  if (found.data_version === null) return t("Nothing is kept here of the images that it learnt from.");
  const counts = Object.entries(found.data_counts).map(([type, count]) => `${type === "good" ? t("good") : type} ${count}`);
  return [...rich("Learnt from and tested on data version {version} ({counts}): ", { version: h("code", {}, short(found.data_version)), counts: counts.join(", ") }), reveal("data", t("the data by version"))];
}

function settings(found) {
  if (found.recipe_version === null) return t("Settings of the part type: the defaults, nobody had changed one.");
  return [...rich("Settings of the part type: version {version} by {user}, {reason}: ", { version: String(found.recipe_version), user: found.settings_by, reason: h("q", {}, found.settings_reason) }), reveal("settings", t("the settings by version"))];
}

function code(found) {
  const libraries = Object.entries(found.versions).map(([name, version]) => `${name} ${version}`);
  return rich("Code {version}, seed {seed}; trunk {trunk} ({digest}); {libraries}.", { version: h("b", {}, found.code_version), seed: h("b", {}, String(found.seed)), trunk: found.trunk, digest: h("code", {}, short(found.trunk_sha256)), libraries: libraries.join(", ") || t("no libraries named") });
}

/** A link to a closed panel of the page, which it opens. */
function reveal(id, text) {
  const open = () => {
    const panel = document.getElementById(id);
    panel.querySelector("details").open = true;
    panel.scrollIntoView({ block: "nearest" });
  };
  return h("button", { type: "button", class: "link", onclick: open }, text);
}
