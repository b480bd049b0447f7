// The two charts: how long restores took, stacked by where the time went, and how old points were.
// The chart library is large and comes last: the page is read before it is there.

import { draw, h } from "./dom.js";
import { day, secondsOf, span } from "./format.js";
import { PHASES, pieces } from "./sums.js";

const WIDTHS = [[3600, 300], [21600, 1800], [86400, 3600], [604800, 21600], [2592000, 86400]];
const NAMES = { queued: "Queued", validating: "Validating", job: "Job", other: "Other" };
const HATCHED = "queued"; // So that a colour is not all that tells the two greys apart.

let library;
let drawn = "";

export async function drawCharts(items, spanSeconds, now) {
  const width = WIDTHS.find(([most]) => spanSeconds <= most)[1];
  const data = pieces(items, width);
  tables(data, width);
  const looks = JSON.stringify([data, width, now.slice(0, 15), colour("--ink")]);
  if (looks === drawn) return;
  drawn = looks;
  for (const place of ["took", "age"]) document.getElementById(place).hidden = !data.length;
  if (!data.length) return;
  const Plotly = await (library ??= load());
  const range = whole(secondsOf(now) - spanSeconds, secondsOf(now), width);
  plot(Plotly, "took", took(data, width), width, range);
  plot(Plotly, "age", age(data, width), width, range);
}

/** From the beginning of the first piece of time to the end of the last. */
function whole(from, to, width) {
  const ends = [Math.floor(from / width), Math.floor(to / width) + 1];
  return ends.map((one) => new Date(one * width * 1000).toISOString());
}

function load() {
  return new Promise((resolve) => {
    const script = h("script", { src: "/plotly.min.js" });
    script.addEventListener("load", () => resolve(window.Plotly));
    document.head.append(script);
  });
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const middle = (piece, width) => new Date((piece.start + width / 2) * 1000).toISOString();

function unit(most) {
  if (most < 180) return [1, " s"];
  if (most < 3 * 3600) return [60, " min"];
  return most < 4 * 86400 ? [3600, " h"] : [86400, " d"];
}

function took(data, width) {
  const [size, suffix] = unit(Math.max(0, ...data.map((one) => PHASES.reduce((sum, phase) => sum + one.means[phase], 0))));
  const traces = PHASES.map((phase) => ({
    ...column(data, width, NAMES[phase]),
    y: data.map((one) => one.means[phase] / size),
    customdata: data.map((one) => span(one.means[phase])),
    marker: {
      color: colour(`--${phase}`),
      pattern: { shape: phase === HATCHED ? "/" : "", bgcolor: colour(`--${phase}`), fgcolor: colour("--card"), size: 6, solidity: 0.2 },
    },
  }));
  return { traces, suffix };
}

function age(data, width) {
  const known = data.filter((one) => one.age);
  const [size, suffix] = unit(Math.max(0, ...known.map((one) => one.age.greatest)));
  const of = (which) => ({
    y: known.map((one) => one.age[which] / size),
    customdata: known.map((one) => span(one.age[which])),
  });
  const oldest = { symbol: "diamond", size: 9, color: colour("--ink") };
  return {
    traces: [
      { ...column(known, width, "Median"), ...of("median"), marker: { color: colour("--age") } },
      { ...column(known, width, "Oldest"), ...of("greatest"), type: "scatter", mode: "markers", marker: oldest, width: undefined },
    ],
    suffix,
  };
}

function column(data, width, name) {
  return {
    type: "bar",
    name,
    x: data.map((one) => middle(one, width)),
    width: width * 850,
    hovertemplate: `${name} %{customdata}<extra></extra>`,
  };
}

function plot(Plotly, place, { traces, suffix }, width, range) {
  const element = document.getElementById(place);
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, fixedrange: true, automargin: true };
  const layout = {
    barmode: "stack",
    height: 260,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("--muted") },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", itemclick: false, itemdoubleclick: false },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: { color: colour("--ink") } },
    xaxis: { ...axis, type: "date", range, showgrid: false, tickformat: width < 86400 ? "%H:%M\n%-d %b" : "%-d %b", hoverformat: "%-d %b %H:%M", nticks: 7 },
    yaxis: { ...axis, rangemode: "tozero", ticksuffix: suffix, nticks: 6 },
    showlegend: true,
  };
  return Plotly.react(element, traces, layout, { displayModeBar: false, responsive: true });
}

/** The same numbers in words, for whoever cannot see a chart or wants them exactly. */
function tables(data, width) {
  const when = (one) => {
    const moment = new Date(one.start * 1000).toISOString();
    return width < 86400 ? `${day(moment)} ${moment.slice(11, 16)}` : day(moment);
  };
  const took = data.map((one) => [when(one), String(one.count), ...PHASES.map((phase) => span(one.means[phase]))]);
  const aged = data.filter((one) => one.age);
  const age = aged.map((one) => [when(one), String(one.count), span(one.age.median), span(one.age.greatest)]);
  draw(document.getElementById("took-table"), table(["From", "Disks", ...PHASES.map((one) => NAMES[one])], took));
  draw(document.getElementById("age-table"), table(["From", "Disks", "Median", "Oldest"], age));
}

function table(head, rows) {
  if (!rows.length) return h("p", { class: "nothing" }, "No disk was restored in this time.");
  return h(
    "details",
    {},
    h("summary", {}, "As a table"),
    h(
      "table",
      { class: "numbers-table" },
      h("thead", {}, h("tr", {}, head.map((one) => h("th", { scope: "col" }, one)))),
      h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((one) => h("td", {}, one))))),
    ),
  );
}
