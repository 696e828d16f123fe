// The map as an outline: where the overlay begins, so that what lies below stays visible.

const COLOUR = [255, 181, 46, 255];

/** Draws the outline of what `map` shows onto `canvas`, in the map's own resolution. */
export function drawContour(canvas, map) {
  const [width, height] = [map.naturalWidth, map.naturalHeight];
  Object.assign(canvas, { width, height });
  if (width === 0) return;
  const context = canvas.getContext("2d", { willReadFrequently: true }); // of one part after the other
  context.drawImage(map, 0, 0);
  const shown = context.getImageData(0, 0, width, height).data;
  const outline = context.createImageData(width, height);
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && shown[4 * (y * width + x) + 3] > 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (inside(x, y) && !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1))) outline.data.set(COLOUR, 4 * (y * width + x));
    }
  }
  context.clearRect(0, 0, width, height);
  context.putImageData(outline, 0, 0);
}
