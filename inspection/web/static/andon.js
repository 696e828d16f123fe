// Alerts as people must see them: large, until somebody says that they care or the cause is gone; those nobody cares for first.

import { get, post } from "./api.js";
import { h, when } from "./dom.js";
import { n, t } from "./language.js";
import { told } from "./told.js";

const KINDS = { drift: t("Drift"), control_chart: t("Control chart"), rollout_halted: t("Rollout halted"), station_silent: t("Station silent"), drops: t("Parts dropped"), clock_skew: t("Clock differs"), key_shared: t("Two boxes, one key") };

const SEVERAL = 3; // and more may not all be in sight: their number is

export class Andon {
  /** Shows open alerts in the list within `element`. */
  constructor(element) {
    this.element = element;
    this.list = element.querySelector("ul");
    this.count = element.querySelector("p");
    this.shown = null;
  }

  async refresh() {
    const alerts = await get("/alerts?limit=50");
    const key = JSON.stringify(alerts.map((alert) => [alert.id, alert.text, alert.acknowledged_by]));
    if (key === this.shown) return;
    this.shown = key;
    this.element.hidden = alerts.length === 0;
    this.count.hidden = alerts.length < SEVERAL;
    this.count.textContent = n("{count} alert", "{count} alerts", alerts.length);
    const seen = (alert) => Number(alert.acknowledged_at !== null);
    this.list.replaceChildren(...alerts.sort((one, other) => seen(one) - seen(other)).map((alert) => this.line(alert)));
  }

  line(alert) {
    const seen = alert.acknowledged_at !== null;
    const button = h("button", { type: "button", class: "small", onclick: () => this.acknowledge(alert.id) }, t("I care"));
    return h(
      "li",
      { class: `alert ${seen ? "seen" : "new"}` },
      h("b", {}, KINDS[alert.kind] ?? alert.kind),
      h("span", {}, told(alert.text)),
      h("small", {}, t("since {date}", { date: when(alert.opened_at).slice(0, 16) })),
      seen ? h("small", {}, t("{user} cares", { user: alert.acknowledged_by })) : button,
    );
  }

  async acknowledge(id) {
    await post(`/alerts/${id}/acknowledgement`, {}).catch(() => {}); // somebody else was first: the list says who
    await this.refresh();
  }
}
