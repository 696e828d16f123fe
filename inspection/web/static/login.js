// Signing in, and on to the page that was asked for.

import { post } from "./api.js";
import { complain } from "./dom.js";
import "./language.js";
import { told } from "./told.js";

const form = document.getElementById("login");
const problem = document.getElementById("problem");
const asked = new URLSearchParams(location.search).get("next");
const next = pageOf(asked ?? "/");

/** An address of this service; the first page for any other. */
function pageOf(address) {
  const url = URL.canParse(address, location.origin) ? new URL(address, location.origin) : null;
  return url?.origin === location.origin ? url.href : "/";
}

/** A link in a mail comes without the cookie: whoever is signed in is led on. */
async function goOn() {
  const answer = await fetch("/api/v1/me", { credentials: "same-origin" }).catch(() => null);
  if (answer?.ok) location.replace(next);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  complain(problem, null);
  try {
    await post("/login", { name: form.elements.name.value.trim(), password: form.elements.password.value });
    location.assign(next);
  } catch (error) {
    complain(problem, error.message);
    form.elements.password.select();
  } finally {
    button.disabled = false;
  }
});
form.querySelector("button").disabled = false; // before this the browser itself would send the form, to nobody
complain(problem, told(problem.textContent)); // what the company's account said
if (asked !== null) goOn();
