// The live page: one card per station, asked for once a second and updated in place.

import { Andon } from "./andon.js";
import { get, post } from "./api.js";
import { ask } from "./dialog.js";
import { complain, h } from "./dom.js";
import { listen } from "./keys.js";
import { rich, t } from "./language.js";
import { poll } from "./poll.js";
import { StationCard } from "./station_card.js";

const list = document.getElementById("stations");
const overlay = document.getElementById("overlay");
const cards = new Map();

async function refresh() {
  const stations = await get("/stations");
  list.dataset.count = String(stations.length);
  if (stations.length === 0) {
    cards.clear();
    return showEmpty();
  }
  document.getElementById("loading")?.remove();
  for (const [name, card] of cards) {
    if (stations.some((station) => station.name === name)) continue;
    card.element.remove();
    cards.delete(name);
  }
  for (const station of stations) {
    if (!cards.has(station.name)) {
      const card = new StationCard(station.name);
      cards.set(station.name, card);
      list.append(card.element);
    }
    cards.get(station.name).update(station);
  }
}

function showEmpty() {
  list.replaceChildren(
    h("p", { class: "empty", id: "loading" }, h("b", {}, t("No station yet.")), " ", ...rich("Add one here, put its key into the station's settings and start it with {command}.", { command: h("code", {}, "inspection edge run STATION.toml") })),
  );
}

async function addStation() {
  const dialog = document.getElementById("station-dialog");
  const recipes = await get("/recipes");
  const select = dialog.querySelector("select");
  select.replaceChildren(...recipes.map((recipe) => h("option", {}, recipe.name)));
  const shown = dialog.querySelector("#station-key");
  shown.hidden = true;
  ask(dialog, async (fields) => {
    if (!shown.hidden) return true;
    const signer = await get("/keys/public"); // first: the key is told once
    const made = await post("/stations", { name: fields.name.value.trim(), recipe: fields.recipe.value });
    shown.querySelector("#station-api-key").textContent = made.api_key;
    shown.querySelector("#station-trust").textContent = `trusted_keys = ["${signer.public_key}"]`;
    shown.hidden = false;
    return false;
  });
  if (recipes.length === 0) complain(dialog.querySelector(".problem"), t("No recipe yet. Add one on the page Models first."));
}

const applyOverlay = () => list.classList.toggle("no-map", !overlay.checked);
overlay.addEventListener("change", applyOverlay);
document.getElementById("add-station")?.addEventListener("click", addStation);

/** For a panel above the line: nothing but the stations. It stands in the address, so that a panel starts with it. */
function kiosk(on) {
  document.body.classList.toggle("kiosk", on);
  history.replaceState(null, "", on ? "?kiosk=1" : "/");
  if (on) document.documentElement.requestFullscreen?.().catch(() => {}); // a browser allows it after a click or key only
  else if (document.fullscreenElement) document.exitFullscreen();
}

function toggleMap() {
  overlay.checked = !overlay.checked;
  applyOverlay();
}

listen([
  {
    title: t("Look"),
    rows: [
      { keys: ["m"], says: t("map"), act: toggleMap },
      { keys: ["f"], says: t("full screen"), act: () => kiosk(!document.body.classList.contains("kiosk")) },
    ],
  },
]);
document.getElementById("kiosk").addEventListener("click", () => kiosk(true));
document.getElementById("leave-kiosk").addEventListener("click", () => kiosk(false));
if (new URLSearchParams(location.search).has("kiosk")) document.body.classList.add("kiosk");
const andon = new Andon(document.getElementById("andon"));
poll(refresh, 1000);
poll(() => andon.refresh(), 3000);
