// Zoom, pan and brightness of a picture: wheel and drag, or keys; picture and map move together.

const STEP = 1.25;
const MOST = 16;

export class Loupe {
  /** `frame` holds the images that `layers` are; `followers` elsewhere are moved alike. Only images become brighter. */
  constructor(frame, layers, followers = []) {
    this.frame = frame;
    this.layers = [...layers, ...followers];
    this.images = [layers[0], ...followers];
    this.grip = null;
    this.reset();
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.take(event));
    frame.addEventListener("pointermove", (event) => this.drag(event));
    frame.addEventListener("pointerup", () => this.release());
    frame.addEventListener("pointercancel", () => this.release());
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

  brighten(step) {
    this.brightness = Math.min(3, Math.max(0.25, this.brightness * step));
    this.apply();
  }

  wheel(event) {
    event.preventDefault();
    const box = this.frame.getBoundingClientRect();
    this.zoom(event.deltaY < 0 ? STEP : 1 / STEP, event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
  }

  take(event) {
    if (this.scale === 1) return;
    this.grip = { x: event.clientX - this.x, y: event.clientY - this.y };
    this.frame.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (this.grip === null) return;
    this.x = event.clientX - this.grip.x;
    this.y = event.clientY - this.grip.y;
    this.apply();
  }

  release() {
    this.grip = null;
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
