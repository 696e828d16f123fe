// What the service says is English, also what it has stored; this finds the sentence in the catalogue by its words.

import { table, t } from "./language.js";

const CHECKED = /^((?:body|query|path)(?:\.[\w.\-]+)?): (.*)$/s; // what a check of a request found, after the place where
const PLACE = /\{\d+\}/;
const patterns = Object.keys(table).filter((text) => PLACE.test(text)).map(pattern).sort((a, b) => b.words - a.words);

/** The same in the language of the page; what no catalogue has stays as it is. */
export function told(text) {
  if (!text || patterns.length === 0) return text;
  return known(text) ?? text.split("\n").map(line).join("\n");
}

function line(text) {
  const whole = known(text);
  if (whole !== null) return whole;
  for (const [between, joined] of [[/(?<=\.) (?=[A-Z])/, ""], ["; ", "；"]]) {
    const sentences = text.split(between);
    const found = sentences.length > 1 ? sentences.map(line) : sentences;
    if (found.some((part, index) => part !== sentences[index])) return found.join(joined);
  }
  const [, where, what] = CHECKED.exec(text) ?? [];
  return where ? `${where}：${line(what)}` : text;
}

function known(text) {
  if (table[text] !== undefined) return t(text);
  for (const { source, expression } of patterns) {
    const match = expression.exec(text);
    if (match) return t(source, Object.fromEntries(match.slice(1).map((value, index) => [String(index), value.includes(" ") ? line(value) : value])));
  }
  return null;
}

/** The one that says most decides where several fit. */
function pattern(source) {
  const parts = source.split(/\{\d+\}/);
  return { source, words: parts.join("").length, expression: new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("(.*?)")}$`, "s") };
}
