// What is counted over many restores: medians, and where the time went in each piece of time.

import { secondsOf } from "./format.js";

export const PHASES = ["queued", "validating", "job", "other"];

/** Whether a disk came back. */
export const isBack = (item) =>
  item.members === undefined && ["Completed", "CompletedWithWarnings"].includes(item.status) && item.ended;

/** Median, 95th percentile (nearest rank) and greatest; undefined of nothing. */
export function spread(numbers) {
  const known = numbers.filter((one) => one !== undefined).sort((a, b) => a - b);
  if (!known.length) return undefined;
  const rank = (share) => known[Math.max(0, Math.ceil(share * known.length) - 1)];
  return { count: known.length, median: rank(0.5), p95: rank(0.95), greatest: known.at(-1) };
}

/** How long each part of a restore took, in seconds; together, the whole. */
export function phases(item) {
  const known = { queued: item.queuedSeconds ?? 0, validating: item.validatingSeconds ?? 0, job: item.jobSeconds ?? 0 };
  const rest = (item.durationSeconds ?? 0) - known.queued - known.validating - known.job;
  return { ...known, other: Math.max(0, rest) };
}

/** The parts that are told; none where only the whole is known. */
export function parts(item) {
  const of = phases(item);
  const known = PHASES.filter((one) => of[one]).map((one) => [one, of[one]]);
  return known.length > 1 ? known : [];
}

/** Restored disks by pieces of `width` seconds, oldest first; each with its beginning. */
export function pieces(items, width) {
  const byStart = new Map();
  for (const item of items.filter((one) => isBack(one) && one.acceptedAt)) {
    const start = Math.floor(secondsOf(item.acceptedAt) / width) * width;
    byStart.set(start, [...(byStart.get(start) ?? []), item]);
  }
  return [...byStart].sort(([a], [b]) => a - b).map(([start, of]) => piece(start, of));
}

function piece(start, items) {
  const parts = items.map(phases);
  const mean = (phase) => parts.reduce((sum, one) => sum + one[phase], 0) / parts.length;
  return {
    start,
    count: items.length,
    means: Object.fromEntries(PHASES.map((one) => [one, mean(one)])),
    age: spread(items.map((one) => one.recoveryPointAgeSeconds)),
  };
}
