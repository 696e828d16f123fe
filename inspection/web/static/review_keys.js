// The keys of the review page: what drives it and what the sheet tells of.

import { t } from "./language.js";

const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const ARROW_CAPS = ["←", "↑", "→", "↓"];
const PAN = 0.15; // of the frame

/** `act` is what the page does; the rows of marking come first, they mean something else meanwhile. */
export function reviewKeys(picture, mayLabel, act) {
  const { loupe, marker, crosshair } = picture;
  const marking = () => picture.marking;
  const tool = (key, name, says) => ({ keys: [key], says, when: marking, act: () => picture.useTool(name) });
  const mark = [
    { keys: Object.keys(ARROWS), shown: ARROW_CAPS, says: t("move the crosshair"), when: marking, held: true, act: (key) => picture.moveCrosshair(...ARROWS[key]) },
    { keys: [" "], says: t("pen down or up, a corner"), when: marking, act: () => crosshair.place() },
    { keys: ["enter"], says: t("the same; ends a polygon"), when: marking, act: () => crosshair.complete() },
    tool("q", "brush", t("brush")),
    tool("e", "eraser", t("eraser")),
    tool("r", "box", t("box")),
    tool("y", "polygon", t("polygon")),
    { keys: ["a"], says: t("take from the map"), when: marking, act: picture.takeFromMap },
    { keys: ["w"], says: t("wider brush"), when: marking, held: true, act: () => picture.setWidth(marker.width * 1.25 + 1) },
    { keys: ["s"], says: t("narrower brush"), when: marking, held: true, act: () => picture.setWidth(marker.width / 1.25) },
    { keys: ["backspace"], says: t("undo stroke"), when: marking, act: () => marker.undo() },
    { keys: ["delete"], says: t("clear"), when: marking, act: () => marker.clear() },
    { keys: ["escape"], says: t("done"), when: marking, act: () => picture.pauseMarking() },
  ];
  const judge = [
    { keys: ["g"], says: t("good"), act: () => act.answer("good") },
    { keys: ["d"], says: t("defect"), act: () => act.answer("defect") },
    { keys: ["u"], says: t("unsure"), act: () => act.answer("unsure") },
    { keys: [..."123456789"], shown: ["1", "…", "9"], says: t("type"), act: act.choose },
    { keys: ["t"], says: t("new type"), act: act.toType },
    { keys: ["enter"], within: "#type", says: t("in the field: defect of this type"), act: act.typed },
    { keys: ["escape"], within: "#type", says: t("leave the field"), act: act.typed },
    { keys: ["n", "arrowright"], says: t("next"), act: () => act.move(1) },
    { keys: ["arrowleft"], says: t("back"), act: () => act.move(-1) },
    { keys: ["z"], says: t("undo"), act: act.undo },
    { keys: ["h"], says: t("to the parts beside"), act: act.toBeside },
    { keys: ["escape"], says: t("back to the queue"), when: act.visiting, act: act.leave },
    { keys: ["f"], says: t("to the filters"), act: act.toFilters },
  ];
  const look = [
    { keys: ["+", "="], shown: ["+"], says: t("zoom in"), held: true, act: loupe.nearer },
    { keys: ["-"], says: t("zoom out"), held: true, act: loupe.farther },
    { keys: ["0"], says: t("whole picture"), act: () => loupe.reset() },
    { keys: Object.keys(ARROWS).map((key) => `shift+${key}`), shown: ["⇧", ...ARROW_CAPS], says: t("move the picture"), held: true, act: (key) => loupe.look(...ARROWS[key.slice(6)].map((by) => by * PAN)) },
    { keys: ["b"], says: t("brighter"), held: true, act: loupe.brighter },
    { keys: ["v"], says: t("darker"), held: true, act: loupe.darker },
    { keys: ["m"], says: t("map"), act: picture.toggleMap },
    { keys: ["."], says: t("stronger map"), held: true, act: () => picture.fade(1) },
    { keys: [","], says: t("fainter map"), held: true, act: () => picture.fade(-1) },
    { keys: ["k"], says: t("outline"), act: picture.toggleOutline },
    { keys: ["c"], says: t("compare"), act: picture.toggleCompare },
    { keys: ["x"], says: t("compare with the next"), act: picture.compareNext },
    { keys: ["p"], says: t("mark the defect"), when: () => mayLabel, act: picture.toggleMarking },
  ];
  return [
    { title: t("While marking (P)"), rows: mark },
    { title: t("Judge"), rows: judge },
    { title: t("Look"), rows: look },
  ];
}
