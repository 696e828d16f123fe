// Labels on their way: the page goes on at once, this sends them in order and tries again until they are stored.
// They are kept in the browser, too, so that a page that is closed while the service is away loses none.

import { post } from "./api.js";

const WAITS_MS = [500, 1000, 2000, 5000, 10000];
const KEPT = `inspection_outbox ${document.querySelector('meta[name="user"]')?.content ?? ""}`;

export class Outbox {
  /** `changed(waiting, problem)` on every change; `refused(label, error)` when the service says no for good. */
  constructor(changed, refused) {
    this.waiting = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    this.changed = changed;
    this.refused = refused;
    this.sending = false;
    this.kept = true;
    this.restored = this.waiting.length > 0;
    if (this.restored) queueMicrotask(() => this.send());
  }

  add(label) {
    this.waiting.push(label);
    this.keep(null);
    this.send();
  }

  /** Takes a label back that has not left yet; false if it has. */
  take(resultId) {
    const first = this.sending ? 1 : 0; // the first one is on the wire
    const index = this.waiting.findLastIndex((label, at) => at >= first && label.result_id === resultId);
    if (index < 0) return false;
    this.waiting.splice(index, 1);
    this.keep(null);
    return true;
  }

  keep(problem) {
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.waiting));
      this.kept = true;
    } catch {
      this.kept = false; // no room: then the page asks before it is closed
    }
    this.changed(this.waiting.length, problem);
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    let failures = 0;
    while (this.waiting.length > 0) {
      const label = this.waiting[0];
      try {
        await post("/labels", label);
        failures = 0;
        this.waiting.shift();
        this.keep(null);
      } catch (error) {
        if (!error.passing) {
          this.waiting.shift();
          this.keep(error.message);
          this.refused(label, error);
          continue;
        }
        this.changed(this.waiting.length, error.message);
        await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)]));
      }
    }
    this.sending = false;
  }
}
