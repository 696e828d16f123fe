// What every page has: signing out, light or dark, whether the service is there, sending what waits.

import { ping, post } from "./api.js";
import { silentMs, troubled } from "./link.js";
import { outbox } from "./outbox.js";

const ASKED_EVERY_MS = 3000; // of a page that asks for nothing itself

document.getElementById("sign-out").addEventListener("click", async () => {
  try {
    await post("/logout");
  } catch (error) {
    return error.status === 0 ? undefined : troubled(error.message); // the session is open still: the page must not look as if it were not
  }
  sessionStorage.clear();
  return location.assign("/login");
});

document.getElementById("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  document.cookie = `inspection_theme=${theme}; path=/; max-age=31536000; SameSite=Lax`;
  location.reload(); // charts take their colours when they are drawn
});

setInterval(() => {
  if (!document.hidden && silentMs() > ASKED_EVERY_MS) ping().catch(() => {});
  outbox.send(); // what a page left that is closed by now
}, ASKED_EVERY_MS);
outbox.send();
outbox.tell(null);
