// How restores ended, newest first: a table, which a narrow page shows as a card each. Why one failed
// stands above, under the reason.

import { h, said } from "./dom.js";
import { clock, lastFirst, name, span } from "./format.js";
import { bar, restoreLink, status } from "./parts.js";
import { parts } from "./sums.js";
import { isSet, tone } from "./words.js";

const FIRST = 12; // Rows that are shown at first.
const STEP = 50; // And with each "more".
const COLUMNS = ["Restore", "Status", "Ended", "Took", "Point", "Vault"];

let shown = FIRST;

export function ended(items, now, when) {
  const rows = items.filter((one) => one.ended && !isSet(one)).sort(lastFirst);
  return h(
    "section",
    { "aria-labelledby": "ended-title" },
    h("h2", { id: "ended-title" }, "Ended", h("small", {}, ` ${rows.length}`)),
    rows.length ? table(rows.slice(0, shown), now) : h("p", { class: "nothing" }, `Nothing ended in the ${when}.`),
    rows.length > shown && h("button", { type: "button", class: "more", "data-more": true }, `Show ${Math.min(STEP, rows.length - shown)} more of ${rows.length}`),
  );
}

/** Show more rows when the button is pressed; `again` draws the page. */
export function onMore(again) {
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-more]")) return;
    shown += STEP;
    again();
  });
}

// The roles are what the elements have by themselves, until a narrow page lays them out otherwise.
function table(items, now) {
  const head = COLUMNS.map((one) => h("th", { scope: "col", role: "columnheader" }, one));
  return h(
    "table",
    { class: "ended", role: "table", "aria-labelledby": "ended-title" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, items.map((one) => row(one, now))),
  );
}

function row(item, now) {
  const cell = (label, ...content) => h("td", { role: "cell", "data-label": label }, ...content);
  return h(
    "tr",
    { role: "row", "data-key": item.rowId },
    h("th", { scope: "row", role: "rowheader" }, restoreLink(item), item.errorMessage && tone(item) !== "bad" && h("p", { class: "why" }, said(item.errorMessage))),
    cell("Status", status(item)),
    cell("Ended", item.completedAt ? clock(item.completedAt, now) : "–"),
    cell("Took", took(item)),
    cell("Point", item.recoveryPointAgeSeconds === undefined ? "–" : `${span(item.recoveryPointAgeSeconds)} old`),
    cell("Vault", item.vaultId ? said(name(item.vaultId)) : "–"),
  );
}

function took(item) {
  if (item.durationSeconds === undefined) return "–";
  const known = parts(item);
  const words = known.map(([part, seconds]) => `${part} ${span(seconds)}`).join(", ");
  return [h("span", {}, span(item.durationSeconds)), known.length > 0 && bar(known, words)];
}
