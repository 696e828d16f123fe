// Zoom, pan and brightness of a picture: wheel and drag, two fingers, buttons or keys; picture and map move together.

const STEP = 1.25;
const MOST = 16;
const MARGIN_PX = 24;

export class Loupe {
  /** `frame` holds the images that `layers` are; `followers` elsewhere are moved alike. Only images become brighter. */
  constructor(frame, layers, followers = []) {
    this.frame = frame;
    this.layers = [...layers, ...followers];
    this.images = [layers[0], ...followers];
    Object.assign(this, { touching: new Map(), grip: null, pinch: null, locked: false, pinched: () => {} });
    this.reset();
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.take(event));
    frame.addEventListener("pointermove", (event) => this.drag(event));
    frame.addEventListener("pointerup", (event) => this.release(event));
    frame.addEventListener("pointercancel", (event) => this.release(event));
    frame.addEventListener("dblclick", () => this.reset());
  }

  reset() {
    Object.assign(this, { scale: 1, x: 0, y: 0, brightness: 1 });
    this.apply();
  }

  /** Zooms by a factor around a point of the frame, in pixels from its middle. */
  zoom(factor, x = 0, y = 0) {
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.apply();
  }

  nearer = () => this.zoom(STEP);
  farther = () => this.zoom(1 / STEP);
  brighter = () => this.brighten(STEP);
  darker = () => this.brighten(1 / STEP);

  brighten(step) {
    this.brightness = Math.min(3, Math.max(0.25, this.brightness * step));
    this.apply();
  }

  /** Looks further to a side, by a share of the frame. */
  look(across, down) {
    this.x -= across * this.frame.clientWidth;
    this.y -= down * this.frame.clientHeight;
    this.apply();
  }

  /** Brings a point of the window into the frame. */
  reveal(x, y) {
    const box = this.frame.getBoundingClientRect();
    this.x += into(x, box.left, box.right);
    this.y += into(y, box.top, box.bottom);
    this.apply();
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? STEP : 1 / STEP, ...this.fromMiddle({ x: event.clientX, y: event.clientY }));
  }

  take(event) {
    this.touching.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.touching.size === 2) return this.startPinch();
    if (this.scale === 1 || this.locked) return undefined;
    this.grip = { x: event.clientX - this.x, y: event.clientY - this.y };
    return this.frame.setPointerCapture(event.pointerId);
  }

  startPinch() {
    this.grip = null;
    this.pinch = this.fingers();
    this.pinched();
  }

  drag(event) {
    if (!this.touching.has(event.pointerId)) return;
    this.touching.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pinch !== null) return this.follow(this.fingers());
    if (this.grip === null) return undefined;
    this.x = event.clientX - this.grip.x;
    this.y = event.clientY - this.grip.y;
    return this.apply();
  }

  /** What was between the fingers stays between them. */
  follow(now) {
    const { apart, middle } = this.pinch;
    this.zoom(now.apart / apart, ...middle);
    this.x += now.middle[0] - middle[0];
    this.y += now.middle[1] - middle[1];
    this.pinch = now;
    this.apply();
  }

  fingers() {
    const [one, other] = [...this.touching.values()];
    return { apart: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)), middle: this.fromMiddle({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }) };
  }

  fromMiddle({ x, y }) {
    const box = this.frame.getBoundingClientRect();
    return [x - box.left - box.width / 2, y - box.top - box.height / 2];
  }

  release(event) {
    this.touching.delete(event.pointerId);
    Object.assign(this, { grip: null, pinch: null });
  }

  /** Never further than the picture's own edge. */
  apply() {
    const reach = (size) => (size * (this.scale - 1)) / 2;
    const [wide, high] = [reach(this.frame.clientWidth), reach(this.frame.clientHeight)];
    this.x = Math.min(wide, Math.max(-wide, this.x));
    this.y = Math.min(high, Math.max(-high, this.y));
    for (const layer of this.layers) layer.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    for (const image of this.images) image.style.filter = this.brightness === 1 ? "" : `brightness(${this.brightness})`;
    this.frame.classList.toggle("zoomed", this.scale > 1);
  }
}

/** How far to move so that a place lies between two others, with a margin. */
function into(place, first, last) {
  return Math.max(0, first + MARGIN_PX - place) - Math.max(0, place - (last - MARGIN_PX));
}
