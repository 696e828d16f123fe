// The pictures of the parts that come next, fetched and decoded before a key asks for them.

import { imageUrl } from "./api.js";
import { besideOf } from "./beside_panel.js";

const ahead = new Map(); // address: its picture; as long as one is held, the browser shows the address at once

/** Holds the pictures of these parts and of no others; `ready(item)` when those of one can be painted. */
export function lookAhead(items, ready) {
  const wanted = new Set(items.flatMap(addresses));
  for (const address of [...ahead.keys()]) if (!wanted.has(address)) ahead.delete(address);
  for (const [place, item] of items.entries()) {
    const told = () => {
      if (place === 0) besideOf(item.result.id); // pictures first: they are what a key waits for
      ready(item);
    };
    Promise.all(addresses(item).map(picture)).then(told, () => {}); // one that cannot be shown is told when it is
  }
}

const addresses = ({ images: { frame, overlay } }) => [frame && imageUrl(frame, "display"), overlay && imageUrl(overlay, "original")].filter(Boolean);

function picture(address) {
  if (!ahead.has(address)) ahead.set(address, Object.assign(new Image(), { src: address }));
  return ahead.get(address).decode();
}
