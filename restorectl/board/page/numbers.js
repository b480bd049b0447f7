// The numbers that are read across a room.

import { h } from "./dom.js";
import { roughly } from "./format.js";
import { isBack, spread } from "./sums.js";
import { isSet, sign, tone } from "./words.js";

export function numbers(items) {
  const single = items.filter((one) => !isSet(one));
  const back = single.filter(isBack);
  const took = spread(back.map((one) => one.durationSeconds));
  const age = spread(back.map((one) => one.recoveryPointAgeSeconds));
  const failed = single.filter((one) => tone(one) === "bad").length;
  return h(
    "ul",
    { class: "numbers", "aria-label": "At a glance" },
    tile("bad", failed, "failed", failed ? "reason and remedy below" : "nothing to do", failed > 0),
    tile("busy", single.filter((one) => !one.ended).length, "under way", "now"),
    tile("good", back.length, "back", back.length === 1 ? "disk restored" : "disks restored"),
    tile("", took && roughly(took.median), "to get a disk back", took && `95 % within ${roughly(took.p95)}`),
    tile("", age && roughly(age.median), "of changes lost", age && `95 % under ${roughly(age.p95)}`),
  );
}

function tile(kind, number, text, note, isLoud = false) {
  return h(
    "li",
    { class: `tile ${kind}${isLoud ? " loud" : ""}`, "data-key": text },
    h("strong", {}, kind && h("i", { "aria-hidden": "true" }, sign(kind)), number === undefined ? "–" : String(number)),
    h("span", {}, text),
    h("small", {}, note ?? "nothing restored yet"),
  );
}
