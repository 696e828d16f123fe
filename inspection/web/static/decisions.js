// What a person decides of parts, and takes back without limit: kept for this tab, so that a reload of the page loses none.

import { outbox } from "./outbox.js";

const user = document.querySelector('meta[name="user"]')?.content ?? "";

export class Decisions {
  /** `page` has its own list: undo never takes back what was decided on a page that is not in sight. */
  constructor(page) {
    this.name = `inspection_decided ${page} ${user}`;
    this.made = JSON.parse(sessionStorage.getItem(this.name) ?? "[]");
  }

  /** Says the same of these results; answers as `outbox.add`. */
  say(ids, said) {
    const { key, done } = outbox.add(...request(ids, said));
    this.remember([...this.made, { key, ids, from_queue: said.from_queue ?? false }]);
    done.then((error) => error && this.remember(this.made.filter((one) => one.key !== key)));
    return { key, done };
  }

  /** Takes the last one back: its key, its ids, and a promise as `say`; null if there is none. */
  takeBack() {
    const last = this.made.at(-1);
    if (!last) return null;
    this.remember(this.made.slice(0, -1));
    const { key, ids, from_queue } = last;
    const done = outbox.take(key) ? Promise.resolve(null) : outbox.add(...request(ids, { label: "retracted", from_queue })).done;
    return { key, ids, done };
  }

  remember(made) {
    this.made = made;
    try {
      sessionStorage.setItem(this.name, JSON.stringify(made));
    } catch {
      // no room: what was decided before stays until the page is left
    }
  }
}

/** What is on its way: what was said last by the id of the result. */
export function pending() {
  return new Map(outbox.waiting.filter(({ path }) => path.startsWith("/labels")).flatMap(({ body }) => (body.result_ids ?? [body.result_id]).map((id) => [id, body])));
}

const request = (ids, said) => (ids.length === 1 ? ["/labels", { result_id: ids[0], ...said }] : ["/labels/batch", { result_ids: ids, ...said }]);
