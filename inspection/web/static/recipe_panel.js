// Versions of what the plant decides of a part type, compared, and the next one with its reason.

import { get, post } from "./api.js";
import { comparison } from "./comparison.js";
import { ask } from "./dialog.js";
import { h, when } from "./dom.js";
import { lazyPanel } from "./lazy_panel.js";
import { t } from "./language.js";

const FIELDS = {
  part_name: t("Name of the part"),
  description: t("What is inspected, and what counts as bad"),
  tier: t("Tier"),
  size_px: t("Side of the input, in pixels"),
  smallest_defect_px: t("Smallest defect, in pixels"),
  roi: t("Region"),
  golden_sha256: t("golden image"),
  ignore_mask_sha256: t("Ignored places"),
  invariant: t("Good parts may lie"),
  max_overkill: t("Overkill at most"),
  undecided_overkill: t("Good parts that may not pass, at most"),
  escape_cost: t("An escape costs"),
  overkill_cost: t("Overkill costs"),
  defect_rate: t("Share of bad parts"),
  use_defects: t("Learns from labelled defects"),
};
const WORDS = { fast: t("fast"), balanced: t("balanced"), accurate: t("accurate"), rotation: t("turned"), flip: t("mirrored") };
const EDGES = { x_px: t("left"), y_px: t("top"), width_px: t("width"), height_px: t("height") };
const NUMBERS = ["max_overkill", "escape_cost", "overkill_cost", "defect_rate"];

/** One closed panel. */
export function recipePanel(recipe, mayChange, opened) {
  const path = `/recipes/${encodeURIComponent(recipe)}/versions`;
  return [
    lazyPanel(t("Settings of the part type, by version"), opened, async (reload) => {
      const versions = await get(path);
      const change = mayChange ? h("button", { type: "button", class: "small", onclick: () => changeSettings(path, versions[0]?.settings ?? { use_defects: true }, reload) }, t("Change…")) : null;
      if (versions.length === 0) return [h("p", { class: "muted" }, t("All settings are as they come; nobody has changed one.")), change].filter((part) => part !== null);
      return [
        h("div", { class: "scroll" }, h("table", { class: "recipe-versions" }, h("thead", {}, h("tr", {}, [t("Version"), t("Made"), t("Who"), t("Reason")].map((text) => h("th", {}, text)))), h("tbody", {}, versions.map(row)))),
        ...comparison(versions.map(({ version, created_at: at }) => [String(version), `${version}, ${when(at).slice(0, 10)}`]), (before, after) => differences(path, before, after)),
        change,
      ].filter((part) => part !== null);
    }),
  ];
}

function row(version) {
  return h("tr", {}, h("td", { class: "num" }, String(version.version)), h("td", {}, when(version.created_at).slice(0, 16)), h("td", {}, version.user), h("td", {}, version.reason));
}

async function differences(path, before, after) {
  const found = await get(`${path}/comparison?before=${before}&after=${after}`);
  if (found.length === 0) return [h("p", { class: "muted" }, t("Nothing differs."))];
  return [h("table", { class: "compare" }, h("thead", {}, h("tr", {}, ["", t("Before"), t("After")].map((text) => h("th", {}, text)))), h("tbody", {}, found.map(difference)))];
}

function difference({ field, before, after }) {
  return h("tr", {}, h("th", {}, FIELDS[field] ?? field), h("td", {}, value(field, before)), h("td", {}, h("b", {}, value(field, after))));
}

function value(field, setting) {
  if (setting === null || setting === "" || setting.length === 0) return "–";
  if (typeof setting === "boolean") return setting ? t("yes") : t("no");
  if (/^[0-9a-f]{64}$/.test(setting)) return setting.slice(0, 10);
  if (Array.isArray(setting)) return setting.map((one) => WORDS[one] ?? one).join(", ");
  if (typeof setting === "object") return Object.entries(setting).map(([name, number]) => `${EDGES[name] ?? name} ${number}`).join(", ");
  return field === "tier" ? WORDS[setting] : String(setting);
}

/** What concerns the picture is set where the picture is seen: on the page of a new line. */
function changeSettings(path, settings, reload) {
  const dialog = document.getElementById("settings-dialog");
  const form = dialog.querySelector("form");
  form.reset();
  for (const name of ["part_name", "description", "tier", ...NUMBERS]) form.elements[name].value = settings[name] ?? "";
  form.elements.use_defects.checked = settings.use_defects;
  ask(dialog, async (fields) => {
    const kept = Object.fromEntries(Object.entries(settings).filter(([name]) => !NUMBERS.includes(name))); // an empty field is the default
    const numbers = Object.fromEntries(NUMBERS.filter((name) => fields[name].value !== "").map((name) => [name, Number(fields[name].value)]));
    const words = { part_name: fields.part_name.value, description: fields.description.value, tier: fields.tier.value || null };
    await post(path, { settings: { ...kept, ...words, ...numbers, use_defects: fields.use_defects.checked }, reason: fields.reason.value });
    await reload();
  });
}
