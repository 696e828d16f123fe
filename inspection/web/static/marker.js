// Marking where a defect is: brush, eraser, box, polygon, or what the map shows; at the picture's own resolution.

const COLOUR = "#ff2bd6";

export class Marker {
  /** `canvas` lies over the picture like an image with `object-fit: contain`. */
  constructor(canvas) {
    Object.assign(this, { canvas, tool: "brush", width: 12, strokes: [], drawing: null, held: false });
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", () => this.end());
    canvas.addEventListener("pointercancel", () => this.drop());
    canvas.addEventListener("dblclick", (event) => this.close(event));
  }

  /** Starts afresh on a picture of this size in pixels. */
  open([width, height]) {
    Object.assign(this.canvas, { width, height, hidden: false });
    Object.assign(this, { strokes: [], drawing: null, width: Math.max(2, Math.round(Math.max(width, height) / 60)) });
    this.draw();
  }

  shut() {
    Object.assign(this, { strokes: [], drawing: null });
    this.canvas.hidden = true;
  }

  get marked() {
    return !this.canvas.hidden && this.strokes.some((stroke) => stroke.tool !== "eraser");
  }

  use(tool) {
    this.finish();
    this.tool = tool;
  }

  undo() {
    if (this.drawing === null) this.strokes.pop();
    this.drawing = null;
    this.draw();
  }

  clear() {
    Object.assign(this, { strokes: [], drawing: null });
    this.draw();
  }

  /** Takes over what the overlay shows as strong; `map` is the loaded image. */
  fromMap(map) {
    const { width, height } = this.canvas;
    const layer = new OffscreenCanvas(width, height);
    const context = layer.getContext("2d", { willReadFrequently: true });
    context.drawImage(map, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height);
    for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = pixels.data[at] >= 93 ? 255 : 0; // the threshold
    context.putImageData(pixels, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = COLOUR;
    context.fillRect(0, 0, width, height);
    this.strokes.push({ tool: "map", layer });
    this.draw();
  }

  /** White where something is marked, black elsewhere: base64 of a PNG of the picture's size. */
  png() {
    this.finish();
    const { width, height } = this.canvas;
    const white = new OffscreenCanvas(width, height).getContext("2d");
    white.drawImage(this.canvas, 0, 0);
    white.globalCompositeOperation = "source-in";
    white.fillStyle = "#fff";
    white.fillRect(0, 0, width, height);
    const mask = Object.assign(document.createElement("canvas"), { width, height });
    const context = mask.getContext("2d");
    context.fillRect(0, 0, width, height);
    context.drawImage(white.canvas, 0, 0);
    return mask.toDataURL("image/png").split(",")[1];
  }

  begin(event) {
    if (!event.isPrimary) return; // a second finger zooms
    this.held = true;
    if (this.tool !== "polygon") this.canvas.setPointerCapture(event.pointerId);
    this.start(this.place(event));
  }

  move(event) {
    if (this.held) this.extend(this.place(event));
  }

  end() {
    this.held = false;
    if (this.tool !== "polygon") this.finish();
  }

  close(event) {
    event.stopPropagation();
    this.finish();
  }

  /** A stroke or a box begins at a point in pixels of the picture; of a polygon it is the next corner. */
  start(point) {
    if (this.tool === "polygon") {
      this.drawing ??= { tool: "polygon", points: [] };
      this.drawing.points.push(point);
    } else {
      this.drawing = { tool: this.tool, width: this.width, points: [point] };
    }
    this.draw();
  }

  /** The stroke goes on to a point, the box reaches to it. */
  extend(point) {
    if (this.drawing === null || this.tool === "polygon") return;
    if (this.tool === "box") this.drawing.points[1] = point;
    else this.drawing.points.push(point);
    this.draw();
  }

  /** Lets go of what is being drawn; of a polygon of its last corner. */
  drop() {
    this.held = false;
    if (this.tool === "polygon" && this.drawing?.points.length > 1) this.drawing.points.pop();
    else this.drawing = null;
    this.draw();
  }

  finish() {
    if (this.drawing !== null && (this.drawing.tool !== "polygon" || this.drawing.points.length > 2)) this.strokes.push(this.drawing);
    this.drawing = null;
    this.draw();
  }

  /** From the pointer to pixels of the picture, whatever the loupe does. */
  place(event) {
    const { left, top, scale } = this.seen();
    return [(event.clientX - left) / scale, (event.clientY - top) / scale];
  }

  /** Where the window shows a point of the picture. */
  shown([x, y]) {
    const { left, top, scale } = this.seen();
    return [left + x * scale, top + y * scale];
  }

  seen() {
    const box = this.canvas.getBoundingClientRect();
    const scale = Math.min(box.width / this.canvas.width, box.height / this.canvas.height);
    return { scale, left: box.left + (box.width - scale * this.canvas.width) / 2, top: box.top + (box.height - scale * this.canvas.height) / 2 };
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) paint(context, stroke);
    if (this.drawing !== null) paint(context, this.drawing);
  }
}

function paint(context, { tool, points, width, layer }) {
  context.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
  Object.assign(context, { fillStyle: COLOUR, strokeStyle: COLOUR, lineWidth: width, lineCap: "round", lineJoin: "round" });
  if (tool === "map") return context.drawImage(layer, 0, 0);
  if (tool === "box") {
    const [[x, y], [toX, toY] = [x, y]] = points;
    return context.fillRect(Math.min(x, toX), Math.min(y, toY), Math.abs(toX - x), Math.abs(toY - y));
  }
  context.beginPath();
  context.moveTo(...points[0]);
  for (const point of points) context.lineTo(...point);
  return tool === "polygon" ? context.fill() : context.stroke();
}
