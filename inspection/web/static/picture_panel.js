// The picture under review: frame, map or its outline, a reference beside it, and what a person marks on it.

import { imageUrl } from "./api.js";
import { references } from "./beside_panel.js";
import { drawContour } from "./contour.js";
import { Crosshair } from "./crosshair.js";
import { t } from "./language.js";
import { Loupe } from "./loupe.js";
import { Marker } from "./marker.js";
import { partViews } from "./part_views.js";
import { missingPicture } from "./review_facts.js";

const $ = (id) => document.getElementById(id);
const FAINTER = 10; // of a hundred, by one key
const press = (id, on) => $(id)?.setAttribute("aria-pressed", String(on));

export class PicturePanel {
  constructor() {
    this.marker = new Marker($("marks"));
    this.crosshair = new Crosshair($("crosshair"), this.marker);
    this.loupe = new Loupe($("picture"), [$("frame"), $("map"), $("contour"), $("marks"), $("crosshair")], [$("reference-picture")]);
    this.loupe.pinched = () => this.marker.drop();
    Object.assign(this, { outlined: false, comparing: false, pictures: [], reference: 0, size: null });
    $("map").addEventListener("load", () => this.outlined && drawContour($("contour"), $("map")));
    $("opacity").addEventListener("input", () => this.showMap());
    $("outline").addEventListener("click", this.toggleOutline);
    $("compare").addEventListener("click", this.toggleCompare);
    $("reference").addEventListener("click", () => this.nextReference());
    $("mark")?.addEventListener("click", this.toggleMarking);
    $("stop-marking").addEventListener("click", () => this.pauseMarking());
    $("from-map").addEventListener("click", this.takeFromMap);
    $("unmark").addEventListener("click", () => this.marker.undo());
    $("clear-marks").addEventListener("click", () => this.marker.clear());
    $("brush-width").addEventListener("input", (event) => this.setWidth(Number(event.target.value)));
    const tools = { nearer: this.loupe.nearer, farther: this.loupe.farther, whole: () => this.loupe.reset(), brighter: this.loupe.brighter, darker: this.loupe.darker, stronger: () => this.fade(1), fainter: () => this.fade(-1) };
    for (const button of document.querySelectorAll("[data-picture]")) button.addEventListener("click", tools[button.dataset.picture]);
    for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => this.useTool(button.dataset.tool));
    this.showMap();
  }

  show(item) {
    const { frame, overlay } = item.images;
    this.stopMarking();
    this.loupe.reset();
    this.frame = frame;
    $("frame").hidden = !frame;
    $("no-picture").hidden = Boolean(frame);
    $("no-picture").textContent = frame ? "" : missingPicture(item);
    if (frame) $("frame").src = imageUrl(frame, "display");
    $("frame").alt = t("part {part}", { part: item.result.part_id });
    this.hasMap = Boolean(frame && overlay);
    $("contour").width = 0;
    if (overlay) $("map").src = imageUrl(overlay, "original");
    this.showReferences(item.result.id, null);
    this.showMap();
  }

  /** What the service found to put beside the part; it may come after the picture. */
  showReferences(id, beside) {
    this.size = beside?.picture_px ?? null;
    this.pictures = references(id, beside);
    this.reference = 0;
    const views = beside?.views ?? [];
    $("part-views").replaceChildren(...partViews(views, (index) => this.showView(views[index])));
    $("part-views").hidden = views.length === 0;
    this.showReference();
  }

  /** A view of the part large, beside the one that is judged. */
  showView({ result }) {
    this.comparing = true;
    press("compare", true);
    this.reference = this.pictures.findIndex(([, , id]) => id === result.id);
    this.showReference();
  }

  nextReference() {
    if (this.pictures.length > 0) this.reference = (this.reference + 1) % this.pictures.length;
    this.showReference();
  }

  showReference() {
    const shown = this.comparing ? this.pictures[this.reference] : undefined;
    $("reference").hidden = !this.comparing;
    $("pictures").classList.toggle("comparing", this.comparing);
    $("reference-name").textContent = shown ? shown[0] : t("no picture of a good part yet");
    if (shown) $("reference-picture").src = shown[1];
    else $("reference-picture").removeAttribute("src");
    this.loupe.apply();
  }

  showMap() {
    const outlined = this.hasMap && this.outlined;
    $("map").hidden = !this.hasMap || this.outlined;
    $("map").style.opacity = String(Number($("opacity").value) / 100);
    $("contour").hidden = !outlined;
    if (outlined && $("map").complete) drawContour($("contour"), $("map"));
    press("outline", this.outlined);
  }

  /** The map one step stronger or fainter. */
  fade(by) {
    const slider = $("opacity");
    slider.value = String(Number(slider.value) + by * FAINTER);
    this.showMap();
  }

  toggleMap = () => {
    const slider = $("opacity");
    slider.dataset.before ??= "60";
    if (Number(slider.value) > 0) slider.dataset.before = slider.value;
    slider.value = Number(slider.value) > 0 ? "0" : slider.dataset.before;
    this.showMap();
  };

  toggleOutline = () => {
    this.outlined = !this.outlined;
    this.showMap();
  };

  toggleCompare = () => {
    this.comparing = !this.comparing;
    press("compare", this.comparing);
    this.showReference();
  };

  /** Another picture beside the part: a good one, the golden image, each other view in turn. */
  compareNext = () => {
    if (this.comparing) this.nextReference();
    else this.toggleCompare();
  };

  get marking() {
    return !$("marking").hidden;
  }

  toggleMarking = () => {
    if (this.marking) return this.pauseMarking();
    if (!this.frame) return undefined;
    if ($("marks").hidden) this.marker.open(this.size ?? [$("frame").naturalWidth, $("frame").naturalHeight]);
    $("brush-width").value = String(this.marker.width);
    this.switchMarking(true);
    this.crosshair.open();
    $("marks").focus(); // Space and Enter are for the crosshair, not for the button that was pressed last
    return undefined;
  };

  /** What is marked stays for the answer; only another part takes it away. */
  pauseMarking() {
    this.marker.finish();
    this.switchMarking(false);
    this.crosshair.hide();
  }

  stopMarking() {
    this.marker.shut();
    this.switchMarking(false);
    this.crosshair.forget();
  }

  switchMarking(on) {
    $("marking").hidden = !on;
    $("from-map").disabled = !this.hasMap;
    $("marks").classList.toggle("drawing", on);
    this.loupe.locked = on; // one finger draws, two zoom
    press("mark", on);
  }

  useTool(tool) {
    this.marker.use(tool);
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    this.crosshair.draw();
    $("marks").focus();
  }

  setWidth(width) {
    this.marker.width = Math.min(120, Math.max(1, Math.round(width)));
    $("brush-width").value = String(this.marker.width);
    this.crosshair.draw();
  }

  takeFromMap = () => this.hasMap && this.marker.fromMap($("map"));

  moveCrosshair(across, down) {
    const place = this.crosshair.move(across, down, this.loupe.scale);
    this.loupe.reveal(...this.marker.shown(place));
  }

  /** Base64 of the mask as PNG; null if nothing is marked. */
  mask() {
    this.marker.finish();
    return this.marker.marked ? this.marker.png() : null;
  }
}
