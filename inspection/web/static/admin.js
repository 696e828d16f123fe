// The administration page: people, keys of stations, the audit log.

import { get, patch, post, put } from "./api.js";
import { actionWord } from "./audit_words.js";
import { ask } from "./dialog.js";
import { complain, h, number, verdictWord, when } from "./dom.js";
import { n, t } from "./language.js";
import { onReturn } from "./link.js";
import { scopeBoxes, scopeNames, scopesOf } from "./scope_boxes.js";

const $ = (id) => document.getElementById(id);
const ROLES = { operator: t("operator"), inspector: t("inspector"), engineer: t("engineer"), admin: t("admin") };
const MAY = { operator: t("look"), inspector: t("label"), engineer: t("train, promote, add stations"), admin: t("everything, people too") };
const audit = { entries: [], checked: null };
const PAGE = 100;

const options = (chosen) => Object.keys(ROLES).map((role) => h("option", { value: role, selected: role === chosen }, ROLES[role]));
const head = (...words) => h("thead", {}, h("tr", {}, words.map((word) => h("th", {}, word))));

async function showPeople() {
  const users = await get("/users");
  $("people").replaceChildren(head(t("Name"), t("Role"), t("May"), t("Since"), ""), h("tbody", {}, users.map(person)));
}

function person(user) {
  const path = `/users/${encodeURIComponent(user.name)}`;
  const elsewhere = user.name.startsWith("sso:"); // the company gives role and password
  const role = h("select", { "aria-label": t("role of {name}", { name: user.name }), onchange: (event) => attempt(() => patch(path, { role: event.target.value })) }, options(user.role));
  return h(
    "tr",
    { class: user.disabled ? "disabled" : "" },
    h("th", {}, user.name, user.disabled ? h("span", { class: "tag" }, t("disabled")) : null),
    h("td", {}, elsewhere ? ROLES[user.role] : role),
    h("td", { class: "muted" }, MAY[user.role]),
    h("td", {}, when(user.created_at).slice(0, 10)),
    h("td", { class: "end" }, elsewhere ? null : h("button", { type: "button", class: "small", onclick: () => password(user.name, path) }, t("Password…")), " ", h("button", { type: "button", class: "small", onclick: () => attempt(() => patch(path, { disabled: !user.disabled })) }, user.disabled ? t("Enable") : t("Disable"))),
  );
}

function password(name, path) {
  const dialog = $("password-dialog");
  dialog.querySelector("h2").textContent = t("New password of {name}", { name });
  dialog.querySelector("input").value = "";
  ask(dialog, async (fields) => {
    await patch(path, { password: fields.password.value });
    await refresh();
  });
}

async function showStations() {
  const [stations, retired] = await Promise.all([get("/stations"), get("/stations/retired")]);
  $("stations").replaceChildren(head(t("Name"), t("Recipe"), t("Line"), ""), h("tbody", {}, stations.map(station), retired.map(retiredStation)));
}

function station({ name, recipe, line }) {
  const move = (event) => {
    if (!event.target.checkValidity()) return complain($("problem"), t("The line is not kept. Expected letters, digits, dots, dashes and underscores, without spaces."));
    return attempt(() => put(`/stations/${encodeURIComponent(name)}/line`, { line: event.target.value.trim() || null }));
  };
  const at = h("input", { value: line ?? "", "aria-label": t("line of {name}", { name }), placeholder: t("none"), maxlength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", onchange: move });
  return h("tr", {}, h("th", {}, name), h("td", {}, recipe), h("td", {}, at), h("td", { class: "end" }, h("button", { type: "button", class: "small", onclick: () => newKey(name) }, t("New key…")), " ", h("button", { type: "button", class: "small danger", onclick: () => retire(name) }, t("Take out of service…"))));
}

function retiredStation({ name, recipe, line, retired_at: since }) {
  const again = h("button", { type: "button", class: "small", onclick: () => newKey(name, { name, recipe, line, reuse: true }) }, t("Use the name again…"));
  return h("tr", { class: "disabled" }, h("th", {}, name, h("span", { class: "tag" }, t("out of service since {date}", { date: when(since).slice(0, 10) }))), h("td", {}, recipe), h("td", {}, line ?? "–"), h("td", { class: "end" }, again));
}

function retire(name) {
  const dialog = $("retire-dialog");
  dialog.querySelector("h2").textContent = t("Take {name} out of service", { name });
  dialog.querySelector("textarea").value = "";
  ask(dialog, async (fields) => {
    await post(`/stations/${encodeURIComponent(name)}/retirement`, { reason: fields.reason.value });
    await refresh();
  });
}

/** A new key for a station; with `again` for one that is made of a name out of service. */
function newKey(name, again = null) {
  const dialog = $("key-dialog");
  const shown = $("new-key");
  dialog.querySelector("h2").textContent = again ? t("A station named {name} again", { name }) : t("New key of {name}", { name });
  $("key-text").textContent = again ? t("The results that bear this name become the new station's.") : t("The old key stops working at once; the station keeps its results until it has the new one.");
  shown.hidden = true;
  ask(dialog, async () => {
    if (!shown.hidden) return true;
    shown.textContent = (await (again ? post("/stations", again) : post(`/stations/${encodeURIComponent(name)}/key`))).api_key;
    shown.hidden = false;
    await Promise.all([showStations(), showAudit()]);
    return false;
  });
}

async function showKeys() {
  const keys = await get("/api-keys");
  if (keys.length === 0) return $("keys").replaceChildren(h("tbody", {}, h("tr", {}, h("td", { class: "muted" }, t("No program has a key.")))));
  return $("keys").replaceChildren(head(t("Name"), t("Role"), t("May"), t("Since"), ""), h("tbody", {}, keys.map(programKey)));
}

function programKey(key) {
  const revoke = () => attempt(() => post(`/api-keys/${encodeURIComponent(key.name)}/revoke`));
  return h(
    "tr",
    { class: key.revoked_at ? "disabled" : "" },
    h("th", {}, key.name, key.revoked_at ? h("span", { class: "tag" }, t("revoked")) : null),
    h("td", {}, ROLES[key.role]),
    h("td", { class: "muted" }, key.scopes ? scopeNames(key.scopes) : MAY[key.role]),
    h("td", {}, when(key.created_at).slice(0, 10)),
    h("td", { class: "end" }, key.revoked_at ? null : h("button", { type: "button", class: "small", onclick: revoke }, t("Revoke"))),
  );
}

function addKey() {
  const dialog = $("program-dialog");
  const shown = $("program-key");
  dialog.querySelector("form").reset();
  $("scope-boxes").replaceChildren(...scopeBoxes());
  $("scopes").open = false;
  dialog.querySelector("select").replaceChildren(...options("operator").filter((option) => option.value !== "admin"));
  shown.hidden = $("program-key-note").hidden = true;
  ask(dialog, async (fields) => {
    if (!shown.hidden) return true;
    shown.textContent = (await post("/api-keys", { name: fields.name.value.trim(), role: fields.role.value, ...scopesOf($("scope-boxes")) })).api_key;
    shown.hidden = $("program-key-note").hidden = false;
    await refresh();
    return false;
  });
}

/** The rules stand in PLANT.toml, which the page does not change. */
async function showRetention() {
  const { rules, due } = await get("/retention");
  const all = t("all");
  const row = (rule) => h("tr", {}, h("td", {}, rule.station ?? (rule.line === null ? all : t("line {line}", { line: rule.line }))), h("td", {}, rule.verdict ? verdictWord(rule.verdict) : all), h("td", { class: "num" }, n("{count} day", "{count} days", rule.keep_days)));
  $("retention").replaceChildren(...(rules.length ? [head(t("Station"), t("Verdict"), t("Kept")), h("tbody", {}, rules.map(row))] : []));
  $("retention-next").textContent = rules.length ? t("Labelled images and samples stay for ever. The next run removes {images} images, {size} MB.", { images: due.images, size: number(due.size_bytes / 1e6, 1) }) : t("Every image is kept: PLANT.toml has no rule of retention.");
}

async function showAudit(before = null) {
  const page = await get(`/audit?limit=${PAGE}${before === null ? "" : `&before=${before}`}`);
  audit.entries = before === null ? page : [...audit.entries, ...page];
  $("older").hidden = page.length < PAGE;
  $("audit").replaceChildren(head("#", t("When"), t("Who"), t("What"), t("Details")), h("tbody", {}, audit.entries.map(entry)));
}

function entry(row) {
  return h("tr", {}, h("td", { class: "num" }, String(row.number)), h("td", {}, when(row.at).slice(0, 16)), h("th", {}, row.actor), h("td", {}, actionWord(row.action)), h("td", {}, h("code", { class: "details" }, row.details)));
}

async function verify() {
  const found = await get("/audit/verification");
  const good = found.broken_at === null;
  $("verification").className = good ? "ok" : "warn";
  $("verification").textContent = good ? t("✓ {rows} entries, none altered. Last hash: {head}", { rows: found.rows, head: found.head }) : t("✗ entry {number} does not fit: {problem}", { number: found.broken_at, problem: found.problem });
}

async function attempt(action) {
  try {
    await action();
    complain($("problem"), null);
    $("said").textContent = t("✓ saved");
  } catch (error) {
    complain($("problem"), error.message);
  }
  await refresh();
}

const refresh = () => Promise.all([showPeople(), showStations(), showKeys(), showRetention(), showAudit()]).catch((error) => complain($("problem"), error.message));

$("add-person").addEventListener("click", () => {
  const dialog = $("person-dialog");
  dialog.querySelector("form").reset();
  dialog.querySelector("select").replaceChildren(...options("inspector"));
  ask(dialog, async (fields) => {
    await post("/users", { name: fields.name.value.trim(), role: fields.role.value, password: fields.password.value });
    await refresh();
  });
});
$("add-key").addEventListener("click", addKey);
$("older").addEventListener("click", () => showAudit(audit.entries.at(-1).number));
$("verify").addEventListener("click", () => verify().catch((error) => complain($("problem"), error.message)));
refresh();
onReturn(() => {
  complain($("problem"), null);
  refresh();
});
