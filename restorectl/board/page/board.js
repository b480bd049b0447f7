// The board: keeps what the server told, and draws it anew whenever something came or was chosen.

import "./copy.js";
import { announce } from "./announce.js";
import { drawCharts } from "./charts.js";
import { draw } from "./dom.js";
import { ended, onMore } from "./ended.js";
import { failed } from "./failed.js";
import { drawFilters, isInTime, isWanted, onChoice, spanOf, timeText, wanted } from "./filters.js";
import { many, secondsOf } from "./format.js";
import { follow } from "./look.js";
import { numbers } from "./numbers.js";
import { running } from "./running.js";
import { sets } from "./sets.js";
import { showLive, showTrouble } from "./trouble.js";
import { isSet, tone } from "./words.js";

const place = (id) => document.getElementById(id);

const seen = { since: "", version: 0, now: "", items: new Map() };

function address() {
  const { since } = wanted();
  if (since !== seen.since) Object.assign(seen, { since, version: 0 });
  return `/data/restores?${new URLSearchParams({ since, version: seen.version })}`;
}

function take(answer) {
  const before = seen.now ? new Map(seen.items) : undefined;
  if (answer.whole) seen.items.clear();
  for (const item of answer.items) seen.items.set(item.rowId, item);
  Object.assign(seen, { version: answer.version, now: answer.asOf });
  showLive(answer);
  show();
  if (before && !answer.whole) tell(before, answer.items);
}

function show() {
  const all = [...seen.items.values()].filter((one) => isInTime(one, seen.now)).sort(newestFirst);
  const items = all.filter(isWanted);
  drawFilters(all);
  const when = timeText();
  draw(place("numbers"), numbers(items));
  draw(place("failed"), failed(items, seen.now, when));
  draw(place("running"), running(items, seen.now));
  draw(place("sets"), sets(items, all, seen.now));
  draw(place("ended"), ended(items, seen.now, when));
  drawCharts(items, spanOf(), seen.now);
  const count = (its) => items.filter((one) => !isSet(one) && tone(one) === its).length;
  document.title = `${count("bad")} failed, ${count("busy")} under way · Restores`;
}

const began = (item) => secondsOf(item.acceptedAt ?? item.requestedAt ?? item.completedAt ?? seen.now);

const newestFirst = (a, b) => began(b) - began(a) || (a.rowId < b.rowId ? -1 : 1);

/** Say what has ended since the last look. */
function tell(before, items) {
  const over = items.filter((one) => one.ended && !before.get(one.rowId)?.ended && isWanted(one));
  const bad = over.filter((one) => tone(one) === "bad").length;
  if (over.length) announce(`${many(over.length, "restore")} ended, ${bad} of them badly.`);
}

const look = follow(address, take, showTrouble);
onChoice(() => {
  const isOther = wanted().since !== seen.since;
  if (isOther) look();
  else if (seen.now) show();
});
onMore(show);
document.addEventListener("themechange", () => seen.now && show());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => seen.now && show());
