// The words of the chart library in the language of the page: its package carries English only.

import { t } from "./language.js";

const code = document.documentElement.lang;
const named = (options, dates) => dates.map((date) => new Intl.DateTimeFormat(code, { timeZone: "UTC", ...options }).format(date));
const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 1)));
const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2026, 1, 1 + day))); // 1 February 2026 is a Sunday

const dictionary = {
  Autoscale: t("Fit to the data"),
  "Download plot": t("Download picture of the chart"),
  "Download plot as a PNG": t("Download picture of the chart"),
  Pan: t("Move"),
  Reset: t("Reset axes"),
  "Reset axes": t("Reset axes"),
  "Show closest data on hover": t("Show nearest point"),
  "Compare data on hover": t("Compare at one place"),
  "Toggle Spike Lines": t("Guide lines"),
  Zoom: t("Zoom"),
  "Zoom in": t("Zoom in"),
  "Zoom out": t("Zoom out"),
  "Double-click to zoom back out": t("Double-click to zoom back out"),
  "Double-click on legend to isolate one trace": t("Double-click an entry to show it alone"),
  "Taking snapshot - this may take a few seconds": t("Making the picture…"),
  "Snapshot succeeded": t("Picture made"),
  "Sorry, there was a problem downloading your snapshot!": t("The picture could not be made."),
};

/** Goes into each chart's configuration, as `locale`. */
export const LOCALE = "page";

window.Plotly.register({
  moduleType: "locale",
  name: LOCALE,
  dictionary,
  format: { months: named({ month: "long" }, months), shortMonths: named({ month: "short" }, months), days: named({ weekday: "long" }, days), shortDays: named({ weekday: "short" }, days), date: "%Y-%m-%d" },
});
