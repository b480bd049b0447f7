// What several places of a page show alike: a status, a restore's name, a reason with its remedy.

import { h, said } from "./dom.js";
import { name } from "./format.js";
import { sign, tone, word } from "./words.js";

/** Stands in an advice before its commands, which go to its end (restore_core/azure/advice). */
const HERE = "The command: ";

export function status(item, text = word(item)) {
  const its = tone(item);
  return h("span", { class: `status ${its}` }, h("i", { "aria-hidden": "true" }, sign(its)), said(text));
}

/** The way to a restore's own page, by what is restored to where, and its id: disks have namesakes. */
export function restoreLink(item) {
  const id = item.sourceDiskId && item.requestId && h("small", {}, said(item.requestId));
  return h("a", { class: "name", href: `/restores/${encodeURIComponent(item.rowId)}` }, title(item), id);
}

export function title(item) {
  if (!item.sourceDiskId) return said(item.requestId ?? item.rowId);
  const source = said(name(item.sourceDiskId));
  if (!item.targetDiskId) return source;
  return [source, h("span", { class: "to" }, " → "), said(name(item.targetDiskId))];
}

export const plainTitle = (item) => h("span", {}, title(item)).textContent;

/** What to do, and the command to copy where there is one. */
export function remedy(advice) {
  if (!advice) return [];
  const at = advice.lastIndexOf(HERE);
  const text = at < 0 ? advice : advice.slice(0, at);
  return h(
    "div",
    { class: "remedy" },
    text.trim() && h("p", {}, h("b", {}, "What to do "), said(text.trim())),
    at >= 0 && command(advice.slice(at + HERE.length)),
  );
}

export function command(line, does = "the command") {
  return h(
    "div",
    { class: "command" },
    h("code", { tabindex: "0", role: "region", "aria-label": does }, line),
    h("button", { type: "button", class: "copy", "aria-label": `Copy ${does}` }, "Copy"),
  );
}

/** A bar of several lengths; its words say the same. */
export function bar(lengths, words) {
  const whole = lengths.reduce((sum, [, length]) => sum + length, 0) || 1;
  let x = 0;
  const pieces = lengths.map(([kind, length]) => {
    const piece = h("rect", { class: kind, x: (100 * x) / whole, width: (100 * length) / whole, height: 10 });
    x += length;
    return piece;
  });
  const box = { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none" };
  return h("svg", { ...box, role: "img", "aria-label": words }, pieces);
}

const MOST = 500; // Rows of one list: a page that draws thousands every few seconds is of no use.

/** The first few, and the rest where it is unfolded. */
export function few(rows, count, key) {
  if (rows.length <= count) return h("ul", {}, rows);
  const over = rows.length - MOST;
  return [
    h("ul", {}, rows.slice(0, count)),
    h(
      "details",
      { "data-key": key },
      h("summary", {}, `${rows.length - count} more`),
      h("ul", {}, rows.slice(count, MOST)),
      over > 0 && h("p", { class: "note" }, `And ${over} more: choose a vault, a status or a shorter time.`),
    ),
  ];
}
