// The one place that talks to the service.

import { t } from "./language.js";
import { answered, unanswered } from "./link.js";
import { told } from "./told.js";

const PREFIX = "/api/v1";
const PATIENCE_MS = 15000;
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const user = meta("user");
let csrf = meta("csrf");

/** A request that was answered with "no", or not at all (`status` 0). */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
  /** Whether the same request may succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export const get = (path) => request("GET", path);
export const post = (path, body, patienceMs = PATIENCE_MS) => request("POST", path, body, patienceMs);
/** A file as the raw body. */
export const postFile = (path, blob, patienceMs = PATIENCE_MS) => request("POST", path, blob, patienceMs);
export const put = (path, body) => request("PUT", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const del = (path) => request("DELETE", path);
/** Whether anybody is there; open to everybody. */
export const ping = () => send("GET", "/healthz", {});
export const imageUrl = (sha256, size) => `${PREFIX}/images/${sha256}?size=${size}`;

async function request(method, path, body, patienceMs = PATIENCE_MS) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? "application/octet-stream" : "application/json";
  const answer = await send(method, PREFIX + path, headers, body, patienceMs);
  if (answer.status === 401 && !path.startsWith("/login")) return leave(() => location.assign(signInAddress()));
  if (answer.status === 403 && method !== "GET" && (await signedInAnew())) return request(method, path, body, patienceMs);
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({ message: t("unreadable answer ({status})", { status: answer.status }) }));
  if (!answer.ok) throw new Refused(answer.status, told(content.message) ?? t("answer {status}", { status: answer.status }));
  return content;
}

/** Whether another tab of this browser has signed in since, so that this page's token is out of date; now it has the new one. */
async function signedInAnew() {
  const me = await get("/me");
  if (me.name !== user) return leave(() => location.reload()); // the page of somebody else
  const anew = me.csrf !== csrf;
  csrf = me.csrf;
  return anew;
}

/** Signing in leads back to this page. */
function signInAddress() {
  const here = location.pathname + location.search;
  return here === "/" ? "/login" : `/login?${new URLSearchParams({ next: here })}`;
}

/** The page is on its way out: whoever waits for an answer gets none. */
function leave(go) {
  go();
  return new Promise(() => {});
}

async function send(method, address, headers, body, patienceMs = PATIENCE_MS) {
  const options = { method, headers, body: body === undefined || body instanceof Blob ? body : JSON.stringify(body), credentials: "same-origin", signal: AbortSignal.timeout(patienceMs) };
  const answer = await fetch(address, options).catch(() => null);
  if (answer === null || isOfProxy(answer)) {
    const reason = t("the plant service does not answer; is it running, is the network up?");
    unanswered(reason);
    throw new Refused(0, reason);
  }
  answered();
  return answer;
}

/** Something in between says that nobody is behind it; the service itself says no in JSON. */
function isOfProxy(answer) {
  return [502, 503, 504].includes(answer.status) && !answer.headers.get("Content-Type")?.startsWith("application/json");
}
