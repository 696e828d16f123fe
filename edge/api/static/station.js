// The station's own page: asks its API once a second; needs no plant and nothing from elsewhere.

const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const PERIOD_MS = 1000;
let shown = null;
let key = sessionStorage.getItem("station-key");

async function ask(path) {
  const answer = await fetch(path, { headers: key ? { Authorization: `Bearer ${key}` } : {} });
  if (answer.status === 401) {
    at("key-form").hidden = false;
    throw new Error("the station's API key is needed");
  }
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function rows(id, pairs) {
  at(id).replaceChildren(...pairs.map(([name, value, good]) => {
    const row = document.createElement("tr");
    for (const text of [name, value]) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    if (good === false) row.lastChild.className = "bad";
    return row;
  }));
}

const ms = (value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} ms`);

function showLedger(status) {
  const l = status.ledger;
  rows("ledger", [["triggers", l.triggers], ["verdicts", l.verdicts], ["timeouts", l.timeouts], ["drops", l.drops],
    ["in flight", l.in_flight], ["PASS", l.passed], ["FAIL", l.failed], ["UNDECIDED", l.undecided]]);
  const sum = l.verdicts + l.timeouts + l.drops + l.in_flight;
  at("balance").textContent = `${l.triggers} triggers = ${sum} accounted for`;
  at("balance").className = l.triggers === sum ? "good" : "bad";
  const { frames_ignored: frames, triggers_ignored: triggers } = status.trigger;
  rows("reasons", [
    ...Object.entries(l.drop_reasons).map(([reason, n]) => [`dropped: ${reason}`, n, false]),
    ...Object.entries(triggers).map(([reason, n]) => [`trigger ignored: ${reason}`, n]),
    ...Object.entries(frames).map(([reason, n]) => [`frame, no part: ${reason}`, n]),
  ]);
}

function showLatency(status) {
  const { edges_ms: edges, counts } = status.histogram;
  const highest = Math.max(1, ...counts);
  const width = 300 / Math.max(1, counts.length);
  at("histogram").replaceChildren(...counts.map((count, index) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = (96 * count) / highest;
    for (const [name, value] of [["x", index * width], ["y", 100 - height], ["width", width * 0.9], ["height", height]]) {
      bar.setAttribute(name, value);
    }
    return bar;
  }));
  at("edges").replaceChildren(...(edges.length ? [edges[0], edges.at(-1)] : []).map((edge) => {
    const label = document.createElement("span");
    label.textContent = ms(edge);
    return label;
  }));
  const d = status.deadline;
  const latency = status.latency.frame_to_verdict_ms;
  rows("deadline", [["median", ms(latency.p50)], ["99th percentile", ms(latency.p99)], ["jitter (p99 − p50)", ms(d.jitter_ms)],
    ["slowest", ms(d.worst_ms)], ["deadline", ms(d.deadline_ms)],
    ["missed", `${d.missed} (${(100 * d.missed_share).toFixed(2)} %)`, d.within_budget]]);
}

function showAround(status) {
  rows("outputs", status.outputs.map((o) => [
    o.name, `${o.delivered} delivered, ${o.waiting} waiting, ${o.given_up + o.overflowed} lost${o.failing ? `: ${o.last_error}` : ""}`, !o.failing,
  ]));
  const { bundle, plant, spool, spool_writer: writer, trigger } = status;
  rows("parts", [
    ...status.cameras.map((camera) => [camera.name, camera.connected ? `connected, ${camera.frames} frames` : camera.fault ?? (camera.finished ? "finished" : "not connected"), camera.connected || camera.finished]),
    [`trigger: ${trigger.kind}`, trigger.connected ? "heard" : trigger.last_error ?? "not heard", trigger.connected],
    ["model", bundle.refused ?? bundle.id?.slice(0, 12) ?? "none", bundle.id !== null && !bundle.refused],
    ["plant", plant === null ? "none" : plant.link.last_error ?? plant.uploads.last_error ?? "reachable", plant === null || (plant.link.reachable && plant.uploads.last_error === null)],
    ["spool", spoolWords(spool, writer), !writer.full && spool.quarantined === 0],
  ]);
  at("threads").replaceChildren(...status.threads.map((thread) => {
    const item = document.createElement("li");
    const well = thread.alive && !thread.stuck;
    item.textContent = `${thread.name}${thread.alive ? "" : " dead"}${thread.stuck ? " stuck" : ""}${thread.faults ? ` (${thread.faults} faults)` : ""}`;
    item.className = well ? "good" : "bad";
    return item;
  }));
}

function spoolWords(spool, writer) {
  const mib = (bytes, digits) => (bytes / 2 ** 20).toFixed(digits);
  const refused = spool.quarantined ? `, ${spool.quarantined} that the plant refuses` : "";
  const full = writer.full ? `: full, ${writer.backlog} results wait in memory` : "";
  return `${spool.results} results${refused}, ${mib(spool.used_bytes, 1)} of ${mib(spool.max_bytes, 0)} MiB${full}`;
}

// A trigger that got no frame is the latest part all the same: the verdict of the one before must not stand for it.
function showPart(latest, picture) {
  const seen = picture !== null && (latest === null || picture.result.sequence >= latest.sequence);
  const result = seen ? picture.result : latest;
  if (result === null || result.id === shown) return;
  shown = result.id;
  at("verdict").textContent = result.verdict;
  at("verdict").className = `verdict ${result.verdict}`;
  const score = result.score === null ? "" : `, score ${result.score.toFixed(2)} at ${result.threshold.toFixed(2)}`;
  at("part").textContent = `${result.part_id}${score}${result.reason ? `: ${result.reason}` : ""}`;
  showImage("frame", seen ? `data:image/jpeg;base64,${picture.frame_jpeg_base64}` : null, true);
  const map = seen ? picture.overlay_png_base64 : null;
  showImage("map", map === null ? null : `data:image/png;base64,${map}`, at("show-map").checked);
}

function showImage(id, source, wanted) {
  at(id).hidden = source === null || !wanted;
  if (source === null) at(id).removeAttribute("src");
  else at(id).src = source;
}

async function round() {
  try {
    const [status, picture] = [await ask("/v1/status"), await ask("/v1/picture")];
    at("name").textContent = status.station;
    at("recipe").textContent = status.recipe;
    at("ready").textContent = status.ready ? "judges" : status.not_ready_because.join("; ");
    at("ready").className = `badge ${status.ready ? "good" : "bad"}`;
    showLedger(status);
    showLatency(status);
    showAround(status);
    showPart(status.latest, picture);
    at("link").hidden = true;
  } catch (error) {
    at("link").textContent = `no connection: ${error.message}`;
    at("link").hidden = false;
  }
  setTimeout(round, document.hidden ? 5 * PERIOD_MS : PERIOD_MS);
}

at("show-map").addEventListener("change", (event) => { at("map").hidden = !event.target.checked || !at("map").src; });
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value;
  sessionStorage.setItem("station-key", key);
  at("key-form").hidden = true;
});
round();
