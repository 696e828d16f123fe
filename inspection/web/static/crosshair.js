// Marking without a pointer: a crosshair over the picture, moved by arrows, draws with the tool of the marker.

import { svg } from "./dom.js";

const STEPS = 50; // from edge to edge of the picture as it is seen

export class Crosshair {
  /** `element` is an SVG that lies over the marker's canvas in the same way. */
  constructor(element, marker) {
    Object.assign(this, { element, marker, at: null });
  }

  /** In the middle of the picture at first, then where it was left. */
  open() {
    const { width, height } = this.marker.canvas;
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.at ??= [width / 2, height / 2];
    this.element.removeAttribute("hidden");
    this.draw();
  }

  hide() {
    this.element.setAttribute("hidden", "");
  }

  /** For another picture. */
  forget() {
    this.at = null;
    this.hide();
  }

  /** Moves by steps that become finer with the zoom; answers the place in pixels of the picture. */
  move(across, down, zoom) {
    const { width, height } = this.marker.canvas;
    const step = Math.max(1, Math.max(width, height) / STEPS / zoom);
    const within = (value, size) => Math.min(size, Math.max(0, value));
    this.at = [within(this.at[0] + across * step, width), within(this.at[1] + down * step, height)];
    this.marker.extend(this.at);
    this.draw();
    return this.at;
  }

  /** Pen down or up, the first or the second corner of a box, the next corner of a polygon. */
  place() {
    if (this.marker.drawing === null || this.marker.tool === "polygon") this.marker.start(this.at);
    else this.marker.finish();
  }

  /** As `place`, but it ends a polygon. */
  complete() {
    if (this.marker.tool === "polygon" && this.marker.drawing !== null) this.marker.finish();
    else this.place();
  }

  draw() {
    if (this.at === null) return;
    const { width, height } = this.marker.canvas;
    const [x, y] = this.at;
    const line = (values) => [svg("line", { ...values, class: "under" }), svg("line", values)];
    const round = ["brush", "eraser"].includes(this.marker.tool) ? [svg("circle", { cx: x, cy: y, r: this.marker.width / 2 })] : [];
    this.element.replaceChildren(...line({ x1: 0, x2: width, y1: y, y2: y }), ...line({ x1: x, x2: x, y1: 0, y2: height }), ...round);
  }
}
