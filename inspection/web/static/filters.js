// Filters of the review pages: what they say stands in the address, so that it can be kept and sent.

import { get } from "./api.js";
import { h } from "./dom.js";
import { t } from "./language.js";

const $ = (id) => document.getElementById(id);

/** Recipes and stations to choose from, those out of service, too: what they judged is still there. */
export async function fillNames(recipe, station) {
  const [recipes, stations, retired] = await Promise.all([get("/recipes"), get("/stations"), get("/stations/retired")]);
  recipe.append(...recipes.map(({ name }) => h("option", {}, name)));
  station.append(...stations.map(({ name }) => h("option", {}, name)), ...retired.map(({ name }) => h("option", { value: name }, t("{station} (out of service)", { station: name }))));
  return stations;
}

/** `fields` is the id of the element by the name of the parameter; `changed` is called after every change. */
export class Filters {
  constructor(fields, changed) {
    this.fields = fields;
    this.changed = changed;
  }

  /** What is asked for, as parameters of the service. */
  chosen() {
    const given = Object.entries(this.fields).map(([name, id]) => [name, valueOf($(id))]);
    return Object.fromEntries(given.filter(([, value]) => value));
  }

  /** Fills the lists, takes over what the address says, and listens. */
  async start() {
    const stations = await fillNames($(this.fields.recipe), $(this.fields.station));
    const lines = [...new Set(stations.map((station) => station.line).filter(Boolean))].sort();
    if (this.fields.line) $(this.fields.line).append(...lines.map((line) => h("option", {}, line)));
    for (const [name, value] of new URLSearchParams(location.search)) if (this.fields[name]) setValue($(this.fields[name]), value);
    for (const id of Object.values(this.fields)) $(id).addEventListener("change", () => this.remember());
  }

  remember() {
    this.keep();
    this.changed();
  }

  /** Nothing but the filters stands in the address. */
  keep() {
    history.replaceState(null, "", `?${new URLSearchParams(this.chosen())}`);
  }
}

/** A local time is sent as an instant. */
function valueOf(field) {
  if (field.type !== "datetime-local" || !field.value) return field.value.trim();
  return new Date(field.value).toISOString();
}

function setValue(field, value) {
  if (field.type === "datetime-local") {
    const instant = new Date(value);
    if (!Number.isNaN(instant.getTime())) field.value = new Date(instant - instant.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  } else if (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value)) {
    field.value = value;
  }
}
