// One station: picture, verdict, counts, ledger, latency, recent parts.

import { get, imageUrl } from "./api.js";
import { age, h, milliseconds, percent, scoreBar, short, verdictBadge, verdictIcon, verdictWord } from "./dom.js";
import { n, rich, t } from "./language.js";
import { told } from "./told.js";
import { typeWord } from "./words.js";

const STATES = { live: t("LIVE"), silent: t("SILENT"), never_seen: t("NEVER SEEN") };
const STALE_PICTURE_S = 30;

export class StationCard {
  constructor(name) {
    this.name = name;
    this.shown = null;
    this.frame = h("img", { class: "frame", alt: "" });
    this.map = h("img", { class: "map", alt: "" });
    this.notice = h("p", { class: "notice", role: "status" });
    this.parts = Object.fromEntries(["state", "age", "verdict", "part", "counts", "ledger", "latency", "bundle", "recent", "recipe"].map((key) => [key, h("div", { class: `slot-${key}` })]));
    this.element = this.layout();
  }

  layout() {
    const p = this.parts;
    return h(
      "article",
      { class: "panel station" },
      h("header", {}, h("h2", { title: this.name }, this.name), p.recipe, p.state, p.age),
      h("figure", { class: "picture" }, this.frame, this.map, this.notice),
      h("div", { class: "numbers" }, p.verdict, p.part, p.counts, p.ledger, p.latency, p.bundle),
      h("div", { class: "strip" }, p.recent),
    );
  }

  update(station) {
    const beat = station.heartbeat;
    const p = this.parts;
    const stale = station.state !== "live";
    this.element.classList.toggle("stale", stale);
    p.recipe.replaceChildren(...rich("recipe {recipe}", { recipe: h("b", {}, station.recipe) }));
    p.state.className = `slot-state state ${station.state}`;
    p.state.textContent = STATES[station.state];
    p.age.textContent = station.picture_age_s === null ? "" : t("picture {age} old", { age: age(station.picture_age_s) });
    p.age.classList.toggle("late", stale || station.picture_age_s > STALE_PICTURE_S);
    this.notice.textContent = notice(station);
    this.notice.hidden = !this.notice.textContent;
    this.notice.classList.toggle("bad", stale || (beat && !beat.camera_connected));
    p.recent.replaceChildren(...recent(station.recent));
    if (beat) this.updateNumbers(station, beat);
    else this.forget();
    this.updatePicture(station.picture_result_id);
  }

  /** The service has heard nothing, maybe only since it was started again: nothing of before is shown as if it were of now. */
  forget() {
    const { verdict, part, counts, ledger, latency, bundle } = this.parts;
    for (const slot of [part, counts, ledger, latency, bundle]) slot.replaceChildren();
    verdict.replaceChildren(h("p", { class: "muted" }, t("Waiting for the first heartbeat. Start the station with its key.")));
    for (const picture of [this.frame, this.map]) picture.removeAttribute("src");
    this.shown = null;
  }

  updateNumbers(station, beat) {
    const { ledger, latency, deadline_ms: deadline } = beat;
    this.parts.counts.replaceChildren(...counts(ledger, station.yield_fraction));
    this.parts.counts.style.setProperty("--digits", String(Math.max(4, ...[ledger.passed, ledger.failed, ledger.undecided].map((value) => String(value).length))));
    this.parts.ledger.replaceChildren(...ledgerLine(ledger));
    this.parts.latency.replaceChildren(...latencyLine(latency.frame_to_verdict_ms, deadline));
    this.parts.bundle.replaceChildren(...bundleLine(beat, station.desired_bundle_id));
  }

  async updatePicture(resultId) {
    if (resultId === null || resultId === this.shown) return;
    this.shown = resultId;
    try {
      this.show(await get(`/stations/${encodeURIComponent(this.name)}/live`));
    } catch {
      this.shown = null; // asked for again with the next round
    }
  }

  show(picture) {
    const result = picture.result;
    this.frame.src = `data:image/jpeg;base64,${picture.frame_jpeg_base64}`;
    this.frame.alt = t("last part {part}, {verdict}", { part: result.part_id, verdict: verdictWord(result.verdict) });
    this.map.hidden = !picture.overlay_png_base64;
    if (picture.overlay_png_base64) this.map.src = `data:image/png;base64,${picture.overlay_png_base64}`;
    this.parts.verdict.replaceChildren(verdictBadge(result.verdict, "large"));
    this.parts.part.replaceChildren(
      h("p", { class: "part-id", title: result.part_id }, h("span", { class: "muted" }, t("part"), " "), h("b", {}, result.part_id), result.defect_class ? h("span", { class: "tag" }, typeWord(result.defect_class)) : null),
      result.reason ? h("p", { class: "reason", title: told(result.reason) }, told(result.reason)) : scoreBar(result.score, result.threshold),
    );
  }
}

function notice(station) {
  const beat = station.heartbeat;
  if (station.state === "silent") return t("No heartbeat for {age}: the picture is old. Check the station and its network.", { age: age(station.heartbeat_age_s) });
  if (beat && !beat.camera_connected) return t("Camera disconnected: the station is trying again. Check cable and power.");
  if (beat && station.picture_age_s > STALE_PICTURE_S) return t("The picture is {age} old: no part has come since.", { age: age(station.picture_age_s) });
  if (beat && station.picture_result_id === null) return beat.bundle_id ? t("No part judged yet.") : t("No model yet: promote one on the page Models.");
  return "";
}

function counts(ledger, yieldFraction) {
  const cell = (verdict, value) => h("div", { class: `count ${verdict}` }, verdictIcon(verdict), h("b", {}, String(value)), h("small", {}, verdictWord(verdict).toLowerCase()));
  return [cell("PASS", ledger.passed), cell("FAIL", ledger.failed), cell("UNDECIDED", ledger.undecided), h("div", { class: "count yield" }, h("b", {}, percent(yieldFraction)), h("small", {}, t("yield")))];
}

function ledgerLine(ledger) {
  const { triggers, verdicts, timeouts, drops, in_flight: flight } = ledger;
  const balanced = triggers === verdicts + timeouts + drops + flight;
  const term = (value, word, bad) => h("span", { class: bad && value > 0 ? "warn" : "" }, h("b", {}, String(value)), " ", word);
  return [
    h("span", { class: "name" }, t("Ledger")),
    h("span", { class: "sum" }, term(triggers, n("trigger", "triggers", triggers)), " = ", term(verdicts, n("verdict", "verdicts", verdicts)), " + ", term(timeouts, n("timeout", "timeouts", timeouts), true), " + ", term(drops, n("drop", "drops", drops), true), flight ? t(" + {count} in flight", { count: flight }) : null),
    h("span", { class: balanced ? "ok" : "warn" }, balanced ? t("✓ balanced") : t("✗ not balanced")),
  ];
}

function latencyLine(times, deadline) {
  const share = (value) => `${Math.min(100, (100 * (value ?? 0)) / deadline)}%`;
  const bar = h("span", { class: `latency-bar ${times.p99 !== null && times.p99 > deadline ? "over" : ""}` }, h("i", { class: "p99" }), h("i", { class: "p50" }));
  bar.style.setProperty("--p50", share(times.p50));
  bar.style.setProperty("--p99", share(times.p99));
  return [
    h("span", { class: "name" }, t("Latency")),
    h("span", {}, "p50 ", h("b", {}, milliseconds(times.p50)), " · p99 ", h("b", {}, milliseconds(times.p99))),
    bar,
    h("span", { class: "muted" }, t("deadline {time}", { time: milliseconds(deadline) })),
  ];
}

function bundleLine(beat, desired) {
  const line = [h("span", { class: "name" }, t("Model")), h("span", {}, h("code", {}, short(beat.bundle_id)))];
  if (beat.bundle_refused) line.push(h("span", { class: "warn", title: told(beat.bundle_refused) }, t("refused the new one: {reason}", { reason: told(beat.bundle_refused) })));
  else if (desired && desired !== beat.bundle_id) line.push(h("span", { class: "warn" }, t("switching to {bundle}…", { bundle: short(desired) })));
  if (beat.spool_results > 0) line.push(h("span", { class: "muted" }, n("{count} result on its way", "{count} results on their way", beat.spool_results)));
  return line;
}

function recent(parts) {
  if (parts.length === 0) return [h("p", { class: "muted" }, t("The latest parts appear here."))];
  return parts.map((part) =>
    h(
      "div",
      { class: `dot ${part.verdict}`, title: `${part.part_id}: ${verdictWord(part.verdict)}` },
      part.frame_sha256 ? h("img", { src: imageUrl(part.frame_sha256, "thumb"), alt: "", loading: "lazy" }) : null,
      verdictIcon(part.verdict),
    ),
  );
}
