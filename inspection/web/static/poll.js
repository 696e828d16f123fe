// Asking again and again without ever asking twice at once; says on the page when there is no answer.

import { t } from "./language.js";

const state = document.getElementById("link-state");

/** Calls `task` every `period` milliseconds while the page is visible. */
export function poll(task, period) {
  let timer = null;
  const round = async () => {
    clearTimeout(timer);
    try {
      await task();
      state.hidden = true;
    } catch (error) {
      state.textContent = t("no connection: {reason}", { reason: error.message });
      state.hidden = false;
    }
    if (!document.hidden) timer = setTimeout(round, period);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && round());
  round();
  return round;
}
