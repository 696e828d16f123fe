// What is written beside the picture of a part under review.

import { h, milliseconds, short, verdictWord, when } from "./dom.js";
import { t } from "./language.js";
import { told } from "./told.js";
import { labelWord, typeWord } from "./words.js";

/** Name and value pairs of a definition list. */
export function factRows({ result, labels, rulings }, drawn) {
  const took_us = result.times.verdict_us - (result.times.frame_received_us ?? result.times.trigger_us);
  const rows = [
    [t("Part"), result.part_id],
    [t("Station"), result.station],
    [t("Recipe"), result.recipe],
    [t("Taken"), when(result.captured_at)],
    [t("Model"), h("code", {}, short(result.bundle_id))],
    [t("Took"), milliseconds(took_us / 1000)],
  ];
  if (drawn) rows.push([t("Drawn"), t("by chance, to check what is passed")]);
  if (result.defect_class) rows.push([t("Suspected"), typeWord(result.defect_class)]);
  for (const label of labels) rows.push([label.user, labelWord(label)]);
  for (const ruling of rulings) rows.push([t("Ruled"), t("{label}, by {user} {date}", { label: labelWord(ruling), user: ruling.user, date: when(ruling.created_at).slice(0, 16) })]);
  for (const view of result.views) rows.push([t("View {view}", { view: view.view }), `${verdictWord(view.verdict)}${view.reason ? `: ${told(view.reason)}` : ""}`]);
  return rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}

/** Why there is no picture. */
export function missingPicture({ result, images_removed: removed }) {
  if (removed.includes("frame")) return t("The picture was removed by the plant's retention rules.");
  return result.images.length ? t("The picture is still on its way from the station.") : t("The station kept no picture of this part.");
}
