// The one place that talks to the service.

import { t } from "./language.js";
import { told } from "./told.js";

const PREFIX = "/api/v1";
const PATIENCE_MS = 15000;
const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

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
export const imageUrl = (sha256, size) => `${PREFIX}/images/${sha256}?size=${size}`;

async function request(method, path, body, patienceMs = PATIENCE_MS) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? "application/octet-stream" : "application/json";
  const answer = await send(method, path, headers, body, patienceMs);
  if (answer.status === 401 && !path.startsWith("/login")) {
    location.assign("/login");
    return new Promise(() => {}); // the page is on its way out
  }
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({ message: t("unreadable answer ({status})", { status: answer.status }) }));
  if (!answer.ok) throw new Refused(answer.status, told(content.message) ?? t("answer {status}", { status: answer.status }));
  return content;
}

async function send(method, path, headers, body, patienceMs) {
  try {
    return await fetch(PREFIX + path, {
      method,
      headers,
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch {
    throw new Refused(0, t("the plant service does not answer; is it running, is the network up?"));
  }
}
