// The picture under review: frame, map or its outline, a reference beside it, and what a person marks on it.

import { imageUrl } from "./api.js";
import { references } from "./beside_panel.js";
import { drawContour } from "./contour.js";
import { t } from "./language.js";
import { Loupe } from "./loupe.js";
import { Marker } from "./marker.js";
import { partViews } from "./part_views.js";
import { missingPicture } from "./review_facts.js";

const $ = (id) => document.getElementById(id);
const press = (id, on) => $(id)?.setAttribute("aria-pressed", String(on));

export class PicturePanel {
  constructor() {
    this.marker = new Marker($("marks"));
    this.loupe = new Loupe($("picture"), [$("frame"), $("map"), $("contour"), $("marks")], [$("reference-picture")]);
    Object.assign(this, { outlined: false, comparing: false, pictures: [], reference: 0, size: null });
    $("map").addEventListener("load", () => this.outlined && drawContour($("contour"), $("map")));
    $("opacity").addEventListener("input", () => this.showMap());
    $("outline").addEventListener("click", this.toggleOutline);
    $("compare").addEventListener("click", this.toggleCompare);
    $("reference").addEventListener("click", () => this.nextReference());
    $("mark")?.addEventListener("click", this.toggleMarking);
    $("stop-marking").addEventListener("click", () => this.pauseMarking());
    $("from-map").addEventListener("click", () => this.marker.fromMap($("map")));
    $("unmark").addEventListener("click", () => this.marker.undo());
    $("clear-marks").addEventListener("click", () => this.marker.clear());
    $("brush-width").addEventListener("input", (event) => Object.assign(this.marker, { width: Number(event.target.value) }));
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
    return undefined;
  };

  /** What is marked stays for the answer; only another part takes it away. */
  pauseMarking() {
    this.switchMarking(false);
  }

  stopMarking() {
    this.marker.shut();
    this.switchMarking(false);
  }

  switchMarking(on) {
    $("marking").hidden = !on;
    $("from-map").disabled = !this.hasMap;
    $("marks").classList.toggle("drawing", on);
    press("mark", on);
  }

  useTool(tool) {
    this.marker.use(tool);
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  }

  /** Base64 of the mask as PNG; null if nothing is marked. */
  mask() {
    return this.marker.marked ? this.marker.png() : null;
  }
}
