// One group of alike parts: page by page, so that each of its parts can be looked at and kept out, however many there are.

import { get, imageUrl } from "./api.js";
import { h, number, once, verdictBadge, verdictWord } from "./dom.js";
import { n, t } from "./language.js";
import { typeWord } from "./words.js";

const PAGE = 24; // as many as the service gives with the group

export class GroupCard {
  /** `out` holds the ids of the parts that are kept out, of all groups; `may` what the person may; `act` what the page does. */
  constructor(group, out, may, act) {
    Object.assign(this, { group, out, page: 0, first: group.results });
    const { verdict, recipe, defect_class: suspected } = group.results[0].result;
    this.type = h("input", { maxlength: 64, list: "types", placeholder: t("optional, e.g. scratch"), "aria-label": t("Type"), autocomplete: "off", disabled: !may.label });
    this.thumbs = h("div", { class: "thumbs" });
    this.pages = h("div", { class: "row pages", hidden: group.ids.length <= PAGE });
    this.kept = h("span", { class: "muted", role: "status" });
    const button = (label, word, key) => h("button", { type: "button", class: label, disabled: !may.label, onclick: once(() => act.decide(this, label)) }, h("kbd", {}, key), " ", word);
    this.element = h(
      "li",
      { class: "panel group", tabindex: "-1", onfocusin: () => act.mark(this) },
      h("header", {}, verdictBadge(verdict, "medium"), h("h2", {}, n("{count} part", "{count} parts", group.ids.length)), h("span", { class: "muted" }, [recipe, suspected && typeWord(suspected)].filter(Boolean).join(" · ")), this.kept),
      this.thumbs,
      this.pages,
      h("div", { class: "row answers-of-group" }, button("good", t("Good"), "G"), button("defect", t("Defect"), "D"), this.type, button("unsure", t("Unsure"), "U"), may.change && verdict === "FAIL" ? h("button", { type: "button", class: "quiet", onclick: () => act.accept(this) }, h("kbd", {}, "A"), " ", t("Accept as good…")) : null),
    );
    this.accepts = may.change && verdict === "FAIL";
    this.show(this.first);
  }

  /** Of all its parts, seen or not, those that were not kept out. */
  get ids() {
    return this.group.ids.filter((id) => !this.out.has(id));
  }

  get last() {
    return Math.ceil(this.group.ids.length / PAGE) - 1;
  }

  /** Shows another page; only one is held, and the first, which came with the group. */
  async turn(by) {
    const page = Math.min(this.last, Math.max(0, this.page + by));
    if (page === this.page) return;
    const asked = new URLSearchParams(this.group.ids.slice(page * PAGE, (page + 1) * PAGE).map((id) => ["id", id]));
    const results = page === 0 ? this.first : await get(`/review/parts?${asked}`);
    this.page = page;
    this.show(results);
  }

  /** The next or the last part, for the keyboard. */
  step(by) {
    const members = [...this.thumbs.children];
    const at = members.indexOf(document.activeElement);
    members[at < 0 ? 0 : Math.min(members.length - 1, Math.max(0, at + by))]?.focus();
  }

  toggle(member) {
    const { id } = member.dataset;
    if (!this.out.delete(id)) this.out.add(id);
    member.setAttribute("aria-pressed", String(this.out.has(id)));
    this.count();
  }

  show(results) {
    const held = this.thumbs.contains(document.activeElement);
    this.thumbs.replaceChildren(...results.map((item) => this.member(item)));
    if (held) this.thumbs.firstElementChild.focus();
    const [from, to, all] = [this.page * PAGE + 1, this.page * PAGE + results.length, this.group.ids.length];
    const button = (by, key, word) => h("button", { type: "button", class: "small", disabled: by < 0 ? this.page === 0 : this.page === this.last, onclick: () => this.turn(by).catch((error) => this.kept.replaceChildren(error.message)) }, h("kbd", {}, key), " ", word);
    this.pages.replaceChildren(button(-1, t("Page ↑"), t("Back")), h("span", { role: "status" }, t("{from} to {to} of {all}", { from, to, all })), button(1, t("Page ↓"), t("Next")));
    this.count();
  }

  count() {
    const out = this.group.ids.length - this.ids.length;
    this.kept.textContent = out ? n("{count} part kept out", "{count} parts kept out", out) : "";
  }

  member({ result, images }) {
    const odd = this.group.odd.includes(result.id);
    const note = result.id === this.group.worst ? t("highest score") : odd ? t("least alike") : null;
    const words = [result.part_id, verdictWord(result.verdict), number(result.score), note].filter(Boolean).join(", ");
    return h(
      "button",
      { type: "button", class: `member ${note ? "noted" : ""}`, "data-id": result.id, "aria-pressed": String(this.out.has(result.id)), "aria-label": t("keep {part} out", { part: words }), title: words, onclick: (event) => this.toggle(event.currentTarget) },
      h("span", { class: "stack" }, images.frame ? h("img", { src: imageUrl(images.frame, "thumb"), alt: "", loading: "lazy" }) : null, images.overlay ? h("img", { class: "map", src: imageUrl(images.overlay, "original"), alt: "", loading: "lazy" }) : null),
      h("small", {}, note ?? number(result.score)),
    );
  }
}
