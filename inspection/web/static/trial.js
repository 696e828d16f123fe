// A model tried on pictures before it runs: what it says of each, beside what nobody has to believe yet.

import { get, post, postFile } from "./api.js";
import { h, milliseconds, scoreBar, verdictBadge } from "./dom.js";
import { n, t } from "./language.js";
import { told } from "./told.js";

const KEPT = 12;
const HELD_OUT = 8;
const EVERY_MS = 1500;
const PATIENCE_MS = 70000; // each picture starts a process, which may wait for those before it

export class Trial {
  /** Shows what is tried in `element`, the newest first; `say` tells what went wrong. */
  constructor(element, say) {
    this.element = element;
    this.say = say;
    this.counts = { PASS: 0, FAIL: 0, UNDECIDED: 0 };
    this.live = null; // the station whose newest pictures are tried
    this.seen = null;
  }

  /** Another model begins anew. */
  of(recipe, model) {
    if (this.model?.id === model?.id && this.recipe === recipe) return;
    Object.assign(this, { recipe, model, seen: null, counts: { PASS: 0, FAIL: 0, UNDECIDED: 0 } });
    this.element.replaceChildren();
  }

  /** The newest picture of the station, again and again, until it is called with null. */
  async watch(station) {
    this.live = station;
    while (this.live === station && station !== null) {
      await this.attempt(() => this.newest(station));
      await new Promise((done) => setTimeout(done, EVERY_MS));
    }
  }

  async newest(station) {
    const { results } = await get(`/results?${new URLSearchParams({ recipe: this.recipe, station, limit: 20 })}`);
    const part = results.find((item) => item.images.frame);
    if (!part || part.images.frame === this.seen) return;
    this.seen = part.images.frame;
    await this.stored(part.images.frame, part.result.part_id);
  }

  async heldOut() {
    const { samples } = await get(`/recipes/${encodeURIComponent(this.recipe)}/samples/list?limit=1000`);
    const held = samples.filter((sample) => sample.split === "holdout" && sample.label === "good").slice(0, HELD_OUT);
    if (held.length === 0) this.say(t("No good part is held out yet."));
    for (const sample of held) await this.attempt(() => this.stored(sample.sha256, t("held out")));
  }

  async files(files) {
    const refused = [];
    for (const file of files) {
      try {
        this.show(await postFile(this.path(), file, PATIENCE_MS), file.name);
      } catch (error) {
        refused.push(`${file.name}: ${error.message}`);
      }
    }
    if (refused.length) this.say(refused.join("; "));
  }

  async stored(sha256, name) {
    this.show(await post(`${this.path()}?sha256=${sha256}`, undefined, PATIENCE_MS), name);
  }

  path() {
    return `/recipes/${encodeURIComponent(this.recipe)}/models/${this.model.id}/trial`;
  }

  async attempt(action) {
    try {
      await action();
    } catch (error) {
      this.say(error.message);
    }
  }

  show(found, name) {
    this.counts[found.verdict] += 1;
    const picture = found.picture_png_base64 ? h("img", { src: `data:image/png;base64,${found.picture_png_base64}`, alt: t("{name}, with the map", { name }) }) : null;
    const why = found.reason ? h("p", { class: "reason" }, told(found.reason)) : scoreBar(found.score, found.threshold);
    this.element.prepend(h("li", { class: "panel trial" }, h("figure", { class: "picture" }, picture), h("p", { class: "part-id" }, name, found.defect_class ? h("span", { class: "tag" }, found.defect_class) : null), verdictBadge(found.verdict, "medium"), why, h("small", {}, t("inside the model {time}", { time: milliseconds(found.session_run_ms) }))));
    while (this.element.children.length > KEPT) this.element.lastChild.remove();
  }

  /** "3 pictures tried: 2 pass, 1 fails, 0 undecided" */
  summary() {
    const { PASS: pass, FAIL: fail, UNDECIDED: undecided } = this.counts;
    return n("{count} picture tried: {pass} PASS, {fail} FAIL, {undecided} UNDECIDED", "{count} pictures tried: {pass} PASS, {fail} FAIL, {undecided} UNDECIDED", pass + fail + undecided, { pass, fail, undecided });
  }
}
