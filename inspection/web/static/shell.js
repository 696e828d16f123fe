// What every page has: signing out, light or dark.

import { post } from "./api.js";

document.getElementById("sign-out").addEventListener("click", async () => {
  await post("/logout").catch(() => {});
  location.assign("/login");
});

document.getElementById("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  document.cookie = `inspection_theme=${theme}; path=/; max-age=31536000; SameSite=Lax`;
  location.reload(); // charts take their colours when they are drawn
});
