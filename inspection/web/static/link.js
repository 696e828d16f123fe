// Whether the service answers: found out by every request, told in one place on every page.

import { n, t } from "./language.js";

const banner = document.getElementById("link-state"); // none at the sign-in
const state = { away: null, trouble: null, kept: 0, heard: performance.now() };
const returning = new Set();
const leaving = new Set();

/** The service has answered, whatever it said. */
export function answered() {
  const returns = state.away !== null;
  Object.assign(state, { away: null, heard: performance.now() });
  show();
  if (returns) for (const listener of returning) listener();
}

/** Nobody has answered. */
export function unanswered(reason) {
  const leaves = state.away === null;
  state.away = reason;
  show();
  if (leaves) for (const listener of leaving) listener();
}

/** What a page asks for again and again fails for another reason; null when it succeeds. */
export function troubled(reason) {
  state.trouble = reason;
  show();
}

/** So many decisions wait in this browser. */
export function keeping(count) {
  state.kept = count;
  show();
}

/** Why nobody answers; null while somebody does. */
export const awayBecause = () => state.away;
export const silentMs = () => performance.now() - state.heard;
export const onReturn = (listener) => returning.add(listener);
export const onAway = (listener) => leaving.add(listener);

function show() {
  const reason = state.away ?? state.trouble;
  if (banner === null) return;
  const kept = state.kept && state.away ? n("{count} decision is kept in this browser and sent when it is back.", "{count} decisions are kept in this browser and sent when it is back.", state.kept) : "";
  const text = reason === null ? "" : [t("no connection: {reason}", { reason }), kept].join(" ").trim();
  if (banner.textContent !== text) banner.textContent = text; // a screen reader says it once
  banner.hidden = reason === null;
}
