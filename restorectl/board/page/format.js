// Numbers, times and names as people say them. All times are UTC: one night has one clock.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const two = (number) => String(number).padStart(2, "0");

/** 45 s, 6 min 12 s, 48 min, 3 h 05 min, 2 d 3 h. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < 10 * MINUTE) return `${Math.floor(s / MINUTE)} min ${two(s % MINUTE)} s`;
  if (s < HOUR) return `${Math.round(s / MINUTE)} min`;
  if (s < DAY) return `${Math.floor(s / HOUR)} h ${two(Math.floor((s % HOUR) / MINUTE))} min`;
  const hours = Math.floor((s % DAY) / HOUR);
  return `${Math.floor(s / DAY)} d${hours ? ` ${hours} h` : ""}`;
}

/** The same in one unit, for a number that is read across a room: 45 s, 6 min, 22 h, 3 d. */
export function roughly(seconds) {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * MINUTE) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 72 * HOUR) return `${Math.round(seconds / HOUR)} h`;
  return `${Math.round(seconds / DAY)} d`;
}

/** 03:21 on the day of `now`, else 26 Nov 03:21. */
export function clock(moment, now) {
  const time = moment.slice(11, 16);
  return moment.slice(0, 10) === now.slice(0, 10) ? time : `${day(moment)} ${time}`;
}

/** 26 Nov */
export function day(moment) {
  const names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  return `${Number(moment.slice(8, 10))} ${names[Number(moment.slice(5, 7)) - 1]}`;
}

export const secondsOf = (moment) => Date.parse(moment) / 1000;

/** What a person calls an ARM id: its last part. */
export const name = (id) => id.slice(id.lastIndexOf("/") + 1);

export const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** For sort(): what ended last comes first. */
export const lastFirst = (a, b) => (a.completedAt === b.completedAt ? 0 : a.completedAt < b.completedAt ? 1 : -1);
