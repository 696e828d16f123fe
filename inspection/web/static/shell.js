// What every page has: signing out.

import { post } from "./api.js";

document.getElementById("sign-out").addEventListener("click", async () => {
  await post("/logout").catch(() => {});
  location.assign("/login");
});
