// What failed: the reason and the remedy first, then the restores that it stopped. One missing role
// stops a hundred restores, so they stand under their common code once.

import { h, said } from "./dom.js";
import { clock, lastFirst, many, name } from "./format.js";
import { few, remedy, restoreLink, status } from "./parts.js";
import { isSet, tone } from "./words.js";

const SHOWN = 3; // Restores under one reason, before the rest is folded away.
const REASONS = 6; // Reasons, before the rest is folded away.

export function failed(items, now, when) {
  const groups = byCode(items.filter((one) => tone(one) === "bad" && !isSet(one)).sort(lastFirst));
  const cards = groups.map((group) => card(group, now));
  const folded = groups.slice(REASONS).map((group) => codeOf(group[0]));
  return h(
    "section",
    { "aria-labelledby": "failed-title" },
    h("h2", { id: "failed-title" }, "Failed"),
    !cards.length && h("p", { class: "nothing" }, `Nothing failed in the ${when}.`),
    cards.slice(0, REASONS),
    cards.length > REASONS &&
      h(
        "details",
        { "data-key": "reasons" },
        h("summary", {}, `${many(folded.length, "more reason")}: `, said(folded.join(", "))),
        cards.slice(REASONS),
      ),
  );
}

const codeOf = (item) => item.errorCode ?? item.status;

function byCode(items) {
  const groups = new Map();
  for (const item of items) {
    const code = codeOf(item);
    groups.set(code, [...(groups.get(code) ?? []), item]);
  }
  return [...groups.values()];
}

function card(group, now) {
  const [newest] = group;
  const code = codeOf(newest);
  return h(
    "article",
    { class: "card bad", "data-key": `why ${code}` },
    h(
      "header",
      {},
      h("h3", {}, said(newest.errorMessage ?? "No reason was told.")),
      h("p", { class: "code" }, said(code), group.length > 1 && ` · ${many(group.length, "restore")}`),
    ),
    remedy(newest.recommendedAction),
    group.length > 1 && h("p", { class: "note" }, "The newest one's reason; each has its own on its page."),
    few(group.map((one) => row(one, now)), SHOWN, `rest ${code}`),
  );
}

function row(item, now) {
  return h(
    "li",
    { class: "row", "data-key": item.rowId },
    restoreLink(item),
    status(item),
    h("span", { class: "when" }, item.completedAt && clock(item.completedAt, now), item.vaultId && [" · ", said(name(item.vaultId))]),
  );
}
