// Sets: one message that brings back a machine, a group, a list; each with its members.

import { h, said } from "./dom.js";
import { clock, many, name, roughly } from "./format.js";
import { bar, remedy, restoreLink, status } from "./parts.js";
import { isSet, tone, toneOf, wordOf } from "./words.js";

const LISTED = 200; // Members in the board's list; the set's own page has all.
const UNTOLD = "not told yet";
const NONE = "not protected or back already";
const ORDER = ["good", "fair", "bad", "idle", "busy", "waits"];

export function sets(items, all, now) {
  const cards = items.filter(isSet).map((one) => card(one, all.filter((other) => other.partOf === one.requestId), now));
  if (!cards.length) return [];
  return h("section", { "aria-labelledby": "sets-title" }, h("h2", { id: "sets-title" }, "Sets"), cards);
}

function card(set, members, now) {
  const counts = countsOf(set, members);
  return h(
    "article",
    { class: `card set ${tone(set)}`, "data-key": set.rowId },
    h("p", { class: "line" }, h("a", { class: "name", href: `/restores/${encodeURIComponent(set.rowId)}` }, said(set.requestId)), status(set)),
    bar(lengths(counts), words(counts)),
    h("p", { class: "sub" }, h("span", {}, words(counts)), h("span", {}, facts(set, now))),
    set.ended && set.errorMessage && h("p", { class: "told" }, said(set.errorMessage)),
    set.ended && remedy(set.recommendedAction),
    members.length > 0 &&
      h(
        "details",
        { "data-key": "members" },
        h("summary", {}, many(members.length, "member")),
        h("ul", {}, members.slice(0, LISTED).map((one) => member(one, now))),
        members.length > LISTED && h("p", { class: "note" }, "The set's own page has all of them."),
      ),
  );
}

/** How many members stand where: as the set's row tells, or else as the members' rows do. */
export function countsOf(set, members) {
  const counts = new Map(Object.entries(set.ended ? (set.counts ?? {}) : {}).map(([key, n]) => [key, Number(n)]));
  if (!counts.size) {
    for (const one of members) {
      const key = one.ended ? one.status : "under way";
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const known = [...counts.values()].reduce((sum, one) => sum + one, 0);
  if (set.members > known) counts.set(UNTOLD, set.members - known);
  if (set.disks > Math.max(known, set.members)) counts.set(NONE, set.disks - Math.max(known, set.members));
  return counts;
}

const kindOf = (key) => ([UNTOLD, NONE].includes(key) ? "waits" : toneOf(key));

const sorted = (counts) => [...counts].sort(([a], [b]) => ORDER.indexOf(kindOf(a)) - ORDER.indexOf(kindOf(b)));

export const lengths = (counts) => sorted(counts).map(([key, n]) => [kindOf(key), n]);

export const words = (counts) => sorted(counts).map(([key, n]) => `${n} ${wordOf(key).toLowerCase()}`).join(", ");

function facts(set, now) {
  const told = [set.acceptedAt && `from ${clock(set.acceptedAt, now)}`];
  if (set.durationSeconds !== undefined) told.push(`took ${roughly(set.durationSeconds)}`);
  if (set.pointSpreadSeconds) told.push(`points ${roughly(set.pointSpreadSeconds)} apart`);
  return told.filter(Boolean).join(" · ");
}

/** A member in a list; why it failed stands with it. */
export function member(item, now) {
  return h(
    "li",
    { class: "row", "data-key": item.rowId },
    restoreLink(item),
    status(item),
    h("span", { class: "when" }, item.completedAt ? clock(item.completedAt, now) : name(item.vaultId ?? "")),
    item.ended && item.errorMessage && h("p", { class: "why" }, said(item.errorMessage)),
  );
}

