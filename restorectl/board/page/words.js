// What each status and state is called, and its tone. A tone has a colour and a sign; the word
// always stands beside them.

const ENDED = {
  Completed: ["good", "Completed"],
  CompletedWithWarnings: ["fair", "Completed with warnings"],
  PartlyCompleted: ["bad", "Partly completed"],
  Failed: ["bad", "Failed"],
  Rejected: ["bad", "Rejected"],
  TimedOut: ["bad", "Timed out"],
  Cancelled: ["idle", "Cancelled"],
  Validated: ["good", "Validated only"],
  Ignored: ["idle", "Ignored"],
};

/** How a disk of a set may end beside the ends of restores. */
const OF_SETS = {
  NotProtected: ["bad", "Not protected"],
  AlreadyBack: ["good", "Already back"],
};

const ALL = { ...ENDED, ...OF_SETS };

const OPEN = {
  Accepted: "Accepted",
  Enrolled: "Waits for its turn in the set",
  Enrolling: "Its disks are being recorded",
  Gathering: "Its disks are under way",
  Following: "Waits for another restore of this disk",
  Planned: "Planned",
  Queued: "Waits for its turn",
  Ready: "About to be validated",
  Validating: "Azure validates",
  Validated: "Valid, about to be asked for",
  Triggering: "Asked of Azure",
  Restoring: "Azure has taken it",
  Running: "The job writes the disk",
  Confirming: "Looks whose disk it is",
  Retrying: "Waits to try again",
  Guarding: "Given up; its job may still run",
  Ending: "About to end",
};

const SIGNS = { good: "✓", fair: "!", bad: "✕", busy: "●", idle: "–" };

export const STATUSES = Object.keys(ENDED);

export function tone(item) {
  if (!item.ended) return "busy";
  return ALL[item.status]?.[0] ?? "idle";
}

export const toneOf = (status) => ALL[status]?.[0] ?? "busy";

/** What it is called; a status that this page does not know is called what it is. */
export function word(item) {
  return (item.ended ? ALL[item.status]?.[1] : OPEN[item.status]) ?? item.status;
}

export const wordOf = (status) => ALL[status]?.[1] ?? status;

export const sign = (toneName) => SIGNS[toneName];

export const isSet = (item) => item.members !== undefined;
