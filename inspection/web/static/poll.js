// Asking again and again without ever asking twice at once; what fails is said on the page.

import { onReturn, troubled } from "./link.js";

/** Calls `task` every `period` milliseconds while the page is visible, and at once when the service is back. */
export function poll(task, period) {
  let timer = null;
  const round = async () => {
    clearTimeout(timer);
    try {
      await task();
      troubled(null);
    } catch (error) {
      if (error.status !== 0) troubled(error.message);
    }
    if (!document.hidden) timer = setTimeout(round, period);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && round());
  onReturn(round);
  round();
  return round;
}
