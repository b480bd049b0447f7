// What is under way: how far against the expected end, what is late first, and what it was told.

import { h, said } from "./dom.js";
import { clock, name, secondsOf, span } from "./format.js";
import { few, plainTitle, remedy, restoreLink, status } from "./parts.js";
import { isSet } from "./words.js";

const SHOWN = 20;
const BY = { vault: "by this vault's last restores", recordedMedian: "by recorded restores" };

export function running(items, now) {
  const open = items.filter((one) => !one.ended && !isSet(one));
  const late = open.filter((one) => lateness(one, now) > 0).sort((a, b) => lateness(b, now) - lateness(a, now));
  const rows = [...late, ...open.filter((one) => !late.includes(one))].map((one) => row(one, now));
  return h(
    "section",
    { class: "running", "aria-labelledby": "running-title" },
    h("h2", { id: "running-title" }, "Under way"),
    rows.length ? few(rows, SHOWN, "rest") : h("p", { class: "nothing" }, "Nothing is being restored."),
  );
}

/** Seconds beyond the expected end, once it is slower than nearly all others; negative before. */
export const lateness = (item, now) => (isLate(item, now) ? secondsOf(now) - secondsOf(item.expectedEnd) : -Infinity);

const isLate = (item, now) => item.expectedEnd && secondsOf(now) > secondsOf(item.lateFrom ?? item.expectedEnd);

function row(item, now) {
  return h(
    "li",
    { class: `card run${lateness(item, now) > 0 ? " late" : ""}`, "data-key": item.rowId },
    h("p", { class: "line" }, restoreLink(item), status(item)),
    progress(item, now),
    h("p", { class: "sub" }, h("span", {}, outlook(item, now)), h("span", {}, facts(item, now))),
    item.errorMessage && h("p", { class: "told" }, h("b", {}, "Told last "), said(item.errorMessage)),
    remedy(item.recommendedAction),
  );
}

/** How far it is, as a bar and as a number; a restore with no expected end has neither. */
export function progress(item, now) {
  if (!item.expectedEnd || !item.expectedSeconds) return [];
  const done = item.expectedSeconds + secondsOf(now) - secondsOf(item.expectedEnd);
  const share = Math.min(100, Math.max(0, Math.round((100 * done) / item.expectedSeconds)));
  return h(
    "div",
    { class: "progress" },
    h("progress", { max: 100, value: share, "aria-label": `${plainTitle(item)}: of the expected time` }),
    h("strong", {}, lateness(item, now) > 0 ? "late" : `${share} %`),
  );
}

export function outlook(item, now) {
  if (item.status === "Retrying" && secondsOf(item.dueAt) > secondsOf(now)) return `Next try ${clock(item.dueAt, now)}, by itself`;
  const after = item.follows ? `After ${item.follows}: ` : "";
  if (!item.expectedEnd) return after ? `After ${item.follows}` : "No end is expected yet";
  const left = secondsOf(item.expectedEnd) - secondsOf(now);
  const end = clock(item.expectedEnd, now);
  if (isLate(item, now)) return `${after}${span(-left)} later than expected (${end}, ${BY[item.expectedBy]})`;
  if (left < 0) return `${after}Back any moment, expected about ${end}, ${BY[item.expectedBy]}`;
  return `${after}Back about ${end}, in ${span(left)}, ${BY[item.expectedBy]}`;
}

function facts(item, now) {
  const since = item.acceptedAt && `${span(secondsOf(now) - secondsOf(item.acceptedAt))} so far`;
  const point = item.recoveryPointAgeSeconds !== undefined && `point ${span(item.recoveryPointAgeSeconds)} old`;
  const vault = item.vaultId && said(name(item.vaultId));
  return [since, point, vault].filter(Boolean).flatMap((one, at) => (at ? [" · ", one] : [one]));
}
