// The parts that wait, as a person walks through them: fetched ahead, forgotten behind, so that a shift does not grow the page.

import { get } from "./api.js";
import { pending } from "./decisions.js";

const BATCH = 60;
const REFILL_BELOW = 8;
const SEEN_KEPT = 400;
const AHEAD = 8; // more than somebody judges until the queue is asked for again

export class ReviewQueue {
  /** `filters()` gives the parameters of the service, `waiting()` whether they ask for what waits, `judges` whether parts are labelled here. */
  constructor(filters, waiting, judges) {
    Object.assign(this, { filters, waiting, judges, drawn: new Set(), round: 0 });
    this.clear();
  }

  clear() {
    const said = [...pending()].filter(([, { label }]) => label !== "retracted");
    Object.assign(this, { items: [], at: 0, types: [], left: 0, skipped: 0, answered: new Set(said.map(([id]) => id)), returned: new Set(), round: this.round + 1 });
  }

  get current() {
    return this.items[this.at];
  }

  get next() {
    return this.items[this.at + 1];
  }

  /** Parts of this visit that still wait: the service would give them again. */
  get passedOver() {
    return this.skipped + this.items.filter((item) => !this.answered.has(item.result.id)).length;
  }

  get runsOut() {
    return this.items.length - this.at < REFILL_BELOW;
  }

  holds(id) {
    return this.items.some((item) => item.result.id === id);
  }

  /** The head of the queue; with an offset what lies behind the parts that were passed over. False if it is out of date. */
  async load(offset = 0) {
    const { round } = this;
    const ahead = this.judges && this.waiting() ? this.ahead : [];
    const asked = [...Object.entries({ limit: BATCH, offset, ...this.filters() }), ...ahead.map((id) => ["looking_at", id])];
    const answer = await get(`/review/queue?${new URLSearchParams(asked)}`);
    if (round !== this.round) return false; // asked before the filters changed
    if (offset === 0) this.dropJudged(answer.results);
    this.items.push(...answer.results.filter(({ result: { id } }) => !this.holds(id) && !this.answered.has(id)));
    if (this.waiting()) this.leaveToOthers(new Set(answer.held));
    this.forgetOld();
    this.types = [...new Set([...this.types, ...answer.defect_types])];
    this.known = answer.defect_types;
    for (const id of answer.drawn) this.drawn.add(id);
    this.left = Object.values(answer.waiting).reduce((sum, count) => sum + count, 0) - (this.waiting() ? uncounted() : 0);
    if (ahead.length === 0 && this.judges && this.waiting() && this.ahead.length > 0) return this.load(); // who comes now begins with others
    return true;
  }

  /** What is on the screen and comes next. */
  get ahead() {
    return this.items.slice(this.at).map(({ result }) => result.id).filter((id) => !this.answered.has(id)).slice(0, AHEAD);
  }

  /** What other people look at comes after everything else, but for the part that is on the screen. */
  leaveToOthers(held) {
    const next = this.items.splice(this.at + 1);
    this.items.push(...next.filter(({ result }) => !held.has(result.id)), ...next.filter(({ result }) => held.has(result.id)));
  }

  /** What somebody else has judged meanwhile is not asked again. What only lies further back now comes again by itself. */
  dropJudged(head) {
    const isBehind = (item, index) => index < this.at && !this.answered.has(item.result.id);
    if (!this.waiting() || this.skipped > 0 || this.items.some(isBehind)) return; // then the head is not what comes next
    const waits = new Set(head.map(({ result }) => result.id));
    this.items = this.items.filter(({ result: { id } }, index) => index <= this.at || waits.has(id) || this.returned.has(id));
  }

  /** Of those behind, only the last few can be gone back to; what was decided can be taken back all the same. */
  forgetOld() {
    const excess = Math.min(this.items.length - SEEN_KEPT, this.at - REFILL_BELOW);
    if (excess <= 0) return;
    const forgotten = this.items.splice(0, excess);
    this.at -= excess;
    this.skipped += forgotten.filter((item) => !this.answered.has(item.result.id)).length;
    for (const item of forgotten) this.answered.delete(item.result.id);
  }

  move(step) {
    let at = this.at + step;
    while (this.items[at] && this.answered.has(this.items[at].result.id)) at += step;
    this.at = Math.max(0, Math.min(at, this.items.length));
  }

  answer(id) {
    this.returned.delete(id);
    if (this.holds(id) && !this.answered.has(id)) this.left -= 1;
    this.answered.add(id);
  }

  /** Lets a part wait again, and goes to it; one that the page does not hold any more is fetched. */
  async putBack(id) {
    this.returned.add(id);
    if (this.answered.delete(id) || !this.holds(id)) this.left += 1;
    const at = this.items.findIndex((item) => item.result.id === id);
    if (at >= 0) this.at = at;
    else await this.fetch(id);
  }

  async fetch(id) {
    const { round } = this;
    const [item] = await get(`/review/parts?id=${id}`);
    if (round === this.round && !this.holds(id)) this.items.splice(this.at, 0, item);
  }
}

/** Labels that the service has not counted yet. */
function uncounted() {
  return [...pending().values()].reduce((sum, { label }) => sum + (label === "retracted" ? -1 : 1), 0);
}
