// Decisions on their way: a page goes on at once, this sends them in order and tries again until they are stored.
// They are kept in the browser, so that a page that is closed while the service is away loses none: every page sends
// what waits, whichever page it is from.

import { post } from "./api.js";
import { awayBecause, keeping, onAway, onReturn } from "./link.js";

const WAITS_MS = [500, 1000, 2000, 5000, 10000];
const PREFIX = `inspection_decision ${document.querySelector('meta[name="user"]')?.content ?? ""} `;
const tab = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);

class Outbox {
  constructor() {
    Object.assign(this, { unkept: new Map(), open: new Map(), listeners: new Set(), sending: false, count: 0, wake: null });
    window.addEventListener("storage", (event) => event.key?.startsWith(PREFIX) && this.tell(null));
    window.addEventListener("beforeunload", (event) => this.unkept.size > 0 && event.preventDefault());
    onAway(() => this.waiting.length > 0 && this.tell(null)); // another tab may be the one that tries
    onReturn(() => {
      this.wake?.();
      this.send();
    });
  }

  /** What is not stored yet, of all pages of this person, in the order in which it was decided. */
  get waiting() {
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => [key, JSON.parse(localStorage.getItem(key))]);
    return [...kept, ...this.unkept].filter(([, item]) => item !== null).map(([key, item]) => ({ key, ...item })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Answers its key, and a promise of null when it is stored, or of the error when the service says no for good. */
  add(path, body) {
    const number = (value, digits) => String(value).padStart(digits, "0");
    const key = `${PREFIX}${number(Date.now(), 15)} ${number(this.count++, 6)} ${tab}`;
    this.keep(key, { path, body, tried: false });
    const done = new Promise((resolve) => this.open.set(key, resolve));
    this.tell(null);
    this.send();
    return { key, done };
  }

  /** Takes something back that has not left yet; false if it has. */
  take(key) {
    const item = this.waiting.find((waiting) => waiting.key === key);
    if (!item || item.tried) return false;
    this.settle(key, null);
    return true;
  }

  /** Calls `changed(waiting, problem)` now and on every change: what an earlier page left may be stored before a page listens. */
  watch(changed) {
    this.listeners.add(changed);
    const { waiting } = this;
    changed(waiting, this.reasonFor(waiting));
  }

  async send() {
    if (this.sending || this.waiting.length === 0) return;
    this.sending = true;
    await alone(() => this.sendAll());
    this.sending = false;
    this.send();
  }

  async sendAll() {
    let failures = 0;
    for (let [item] = this.waiting; item; [item] = this.waiting) {
      this.keep(item.key, { path: item.path, body: item.body, tried: true });
      try {
        await post(item.path, item.body);
        failures = 0;
        this.settle(item.key, null);
      } catch (error) {
        if (!error.passing) {
          this.settle(item.key, error);
          continue;
        }
        this.tell(error.message);
        const wait = WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)];
        await new Promise((resolve) => {
          this.wake = resolve;
          setTimeout(resolve, wait);
        });
      }
    }
  }

  reasonFor(waiting) {
    return waiting.length > 0 ? awayBecause() : null;
  }

  keep(key, item) {
    try {
      localStorage.setItem(key, JSON.stringify(item));
      this.unkept.delete(key);
    } catch {
      this.unkept.set(key, item); // no room: then the page asks before it is closed
    }
  }

  settle(key, error) {
    localStorage.removeItem(key);
    this.unkept.delete(key);
    const resolve = this.open.get(key);
    this.open.delete(key);
    this.tell(error?.message ?? null);
    resolve?.(error);
  }

  tell(problem) {
    const { waiting } = this;
    for (const [key, resolve] of this.open) {
      if (waiting.some((item) => item.key === key)) continue;
      this.open.delete(key); // another tab has sent it
      resolve(null);
    }
    keeping(waiting.length);
    const reason = problem ?? this.reasonFor(waiting);
    for (const changed of this.listeners) changed(waiting, reason);
  }
}

/** One tab sends at a time; where the browser has no locks (plain HTTP) two may, and saying the same twice adds nothing. */
const alone = (task) => (navigator.locks ? navigator.locks.request(PREFIX, task) : task());

export const outbox = new Outbox();
