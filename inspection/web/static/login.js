// Signing in.

import { post } from "./api.js";
import { complain } from "./dom.js";
import "./language.js";

const form = document.getElementById("login");
const problem = document.getElementById("problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  complain(problem, null);
  try {
    await post("/login", { name: form.elements.name.value.trim(), password: form.elements.password.value });
    location.assign("/");
  } catch (error) {
    complain(problem, error.message);
    form.elements.password.select();
  } finally {
    button.disabled = false;
  }
});
