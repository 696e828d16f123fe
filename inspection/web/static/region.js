// A rectangle drawn on a picture, and boxes in it that are ignored; in pixels of the camera's frame.

const COLOURS = { roi: "#4cc2ff", ignore: "#ff2bd6" };
const LEAST_PX = 8;

export class Region {
  /** `canvas` lies over the picture; `changed` is called after every change. */
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, mode: "roi", roi: null, ignored: [], kept: null, from: null });
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.from && this.stretch(event));
    canvas.addEventListener("pointerup", () => this.end());
  }

  open(width, height) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    Object.assign(this.canvas, { width, height });
    this.clear();
  }

  clear() {
    Object.assign(this, { roi: null, ignored: [], kept: null, from: null });
    this.draw();
    this.changed();
  }

  /** What was chosen before: the region, and a picture that is white where nothing is looked at, or null. */
  takeOver(roi, mask) {
    Object.assign(this, { roi, ignored: [], kept: mask });
    this.draw();
    this.changed();
  }

  begin(event) {
    this.from = this.place(event);
    this.box = null;
    this.canvas.setPointerCapture(event.pointerId);
  }

  stretch(event) {
    const [x, y] = this.place(event);
    const [left, top] = [Math.min(x, this.from[0]), Math.min(y, this.from[1])];
    this.box = { x_px: left, y_px: top, width_px: Math.abs(x - this.from[0]), height_px: Math.abs(y - this.from[1]) };
    this.draw();
  }

  end() {
    this.from = null;
    if (this.box) this.take(this.box);
    this.box = null;
    this.draw();
    this.changed();
  }

  /** The same by numbers; answers whether the box is large enough and in the picture. */
  put(x, y, width, height) {
    const fits = [x, y, width, height].every(Number.isFinite) && x >= 0 && y >= 0 && x + width <= this.canvas.width && y + height <= this.canvas.height;
    const taken = fits && this.take({ x_px: x, y_px: y, width_px: width, height_px: height });
    this.draw();
    this.changed();
    return taken;
  }

  take(box) {
    if (box.width_px < LEAST_PX || box.height_px < LEAST_PX) return false;
    if (this.mode === "roi") this.roi = box;
    else this.ignored.push(box);
    return true;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = Math.min(box.width / this.canvas.width, box.height / this.canvas.height);
    const at = (client, start, size, pixels) => Math.round(Math.min(pixels, Math.max(0, (client - start - (size - scale * pixels) / 2) / scale)));
    return [at(event.clientX, box.left, box.width, this.canvas.width), at(event.clientY, box.top, box.height, this.canvas.height)];
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.lineWidth = Math.max(2, this.canvas.width / 300);
    const outline = (kind, box) => {
      context.strokeStyle = COLOURS[kind];
      context.strokeRect(box.x_px, box.y_px, box.width_px, box.height_px);
    };
    if (this.roi) outline("roi", this.roi);
    if (this.kept) context.drawImage(shaded(this.kept, this.canvas), 0, 0);
    context.fillStyle = `${COLOURS.ignore}80`;
    for (const box of this.ignored) context.fillRect(box.x_px, box.y_px, box.width_px, box.height_px);
    if (this.box) outline(this.mode, this.box);
  }

  /** A PNG of the frame's size, white where nothing is looked at; null if everything is. */
  async mask() {
    if (this.ignored.length === 0 && this.kept === null) return null;
    const canvas = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const context = canvas.getContext("2d");
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (this.kept) context.drawImage(this.kept, 0, 0);
    context.fillStyle = "#fff";
    for (const box of this.ignored) context.fillRect(box.x_px, box.y_px, box.width_px, box.height_px);
    return canvas.convertToBlob({ type: "image/png" });
  }
}

/** A mask as a shade over the picture: the colour of what is ignored where it is white. */
function shaded(mask, { width, height }) {
  const layer = new OffscreenCanvas(width, height);
  const context = layer.getContext("2d");
  context.drawImage(mask, 0, 0);
  const pixels = context.getImageData(0, 0, width, height);
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at] / 2;
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = COLOURS.ignore;
  context.fillRect(0, 0, width, height);
  return layer;
}
