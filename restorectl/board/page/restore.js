// One restore: why it ended so and what to do, where its time went, and the commands to copy.

import "./copy.js";
import { announce } from "./announce.js";
import { draw, h, said } from "./dom.js";
import { clock, name, span } from "./format.js";
import { follow } from "./look.js";
import { bar, command, plainTitle, remedy, status, title } from "./parts.js";
import { lateness, outlook, progress } from "./running.js";
import { countsOf, lengths, member, words } from "./sets.js";
import { parts } from "./sums.js";
import { showLive, showTrouble } from "./trouble.js";
import { isSet, tone, word } from "./words.js";

const id = decodeURIComponent(location.pathname.slice("/restores/".length));

let before;

function show({ item, members, commands, asOf, ...rest }) {
  showLive({ asOf, ...rest });
  document.title = `${word(item)}: ${plainTitle(item)}`;
  draw(
    document.getElementById("restore"),
    h("header", { class: "head" }, h("h1", {}, isSet(item) ? said(item.requestId) : title(item)), status(item)),
    why(item),
    isSet(item) ? ofSet(item, members) : ofRestore(item, asOf),
    timeline(item, asOf),
    listed(members, asOf),
    next(commands.filter((line) => !item.recommendedAction?.endsWith(line))),
    columns(item),
  );
  if (before && before !== item.status) announce(`Now: ${word(item)}`);
  before = item.status;
}

function why(item) {
  if (!item.errorMessage && !item.recommendedAction) return [];
  return h(
    "section",
    { class: `card ${item.ended ? tone(item) : "fair"}`, "aria-labelledby": "why" },
    h("h2", { id: "why" }, said(item.errorMessage ?? "No reason was told.")),
    item.errorCode && h("p", { class: "code" }, said(item.errorCode)),
    remedy(item.recommendedAction),
  );
}

function ofRestore(item, now) {
  const point = item.recoveryPointTime && `${clock(item.recoveryPointTime, now)} UTC, ${span(item.recoveryPointAgeSeconds ?? 0)} before the request`;
  return h(
    "section",
    { class: `card facts${!item.ended && lateness(item, now) > 0 ? " late" : ""}`, "aria-label": "In short" },
    !item.ended && [progress(item, now), h("p", { class: "sub" }, outlook(item, now))],
    facts([
      ["Recovery point", point],
      ["New disk", item.targetDiskId && name(item.targetDiskId)],
      ["Vault", item.vaultId && name(item.vaultId)],
      ["Asked by", item.requestedBy],
      ["Because", item.reason],
      ["Part of", item.partOf && h("a", { href: `/restores/${encodeURIComponent(item.partOf)}` }, said(item.partOf))],
      ["Job", item.jobLink && h("a", { href: safe(item.jobLink), rel: "noreferrer", target: "_blank" }, "In the Azure portal")],
    ]),
  );
}

/** A link of ours leads to the portal, or nowhere: an address from a row may be anything. */
const safe = (link) => (link.startsWith("https://") ? link : undefined);

function ofSet(item, members) {
  const counts = countsOf(item, members);
  return h(
    "section",
    { class: "card facts", "aria-label": "In short" },
    bar(lengths(counts), words(counts)),
    h("p", { class: "sub" }, words(counts)),
    facts([
      ["Disks", String(item.disks ?? item.members)],
      ["Machine", item.sourceVirtualMachineId && name(item.sourceVirtualMachineId)],
      ["Already back", item.alreadyBack ? String(item.alreadyBack) : undefined],
      ["Points apart", item.pointSpreadSeconds !== undefined ? span(item.pointSpreadSeconds) : undefined],
      ["Slowest", item.slowestMember && `${item.slowestMember}, ${span(item.slowestSeconds ?? 0)}`],
      ["Asked by", item.requestedBy],
      ["Because", item.reason],
    ]),
  );
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value);
  return h("dl", {}, known.map(([term, value]) => h("div", { "data-key": term }, h("dt", {}, term), h("dd", {}, typeof value === "string" ? said(value) : value))));
}

function timeline(item, now) {
  const steps = item.timeline ?? [];
  if (!steps.length) return [];
  const known = parts(item);
  const went = known.map(([part, seconds]) => `${part} ${span(seconds)}`);
  return h(
    "section",
    { "aria-labelledby": "timeline" },
    h("h2", { id: "timeline" }, "Timeline"),
    known.length > 0 && [
      bar(known, went.join(", ")),
      h("p", { class: "legend" }, known.map(([part], at) => h("span", { class: `key ${part}` }, went[at]))),
    ],
    h("ol", { class: "timeline" }, steps.map((step, at) => stop(item, step, at === steps.length - 1, now))),
  );
}

function stop(item, step, isLast, now) {
  const over = isLast && item.ended;
  const its = over ? tone(item) : isLast ? "busy" : "past";
  return h(
    "li",
    { class: its },
    h("time", { datetime: step.at }, clock(step.at, now), h("small", {}, step.at.slice(16, 19))),
    h("b", {}, said(word({ ended: over, status: step.state })), step.again && " again"),
    h("span", { class: "for" }, step.seconds !== undefined && span(step.seconds)),
  );
}

function listed(members, now) {
  if (!members.length) return [];
  return h(
    "section",
    { "aria-labelledby": "members" },
    h("h2", { id: "members" }, "Members"),
    h("ul", { class: "card" }, members.map((one) => member(one, now))),
  );
}

function next(commands) {
  if (!commands.length) return [];
  return h(
    "section",
    { "aria-labelledby": "next" },
    h("h2", { id: "next" }, "Commands to go on with"),
    commands.map((line, at) => h("div", { "data-key": line }, command(line, `command ${at + 1}`))),
  );
}

function columns(item) {
  const plain = Object.entries(item).filter(([, value]) => typeof value !== "object");
  return h("details", { class: "columns" }, h("summary", {}, "Everything that is known"), facts(plain.map(([key, value]) => [key, String(value)])));
}

follow(() => `/data/restores/${encodeURIComponent(id)}`, show, showTrouble);
