// What a benchmark yields, and how it is shown: on the terminal as aligned text, in RESULTS.md as tables.
//
//   rows     [{ variant, figure, values, against? }]   `against`: { variant, values } of the same figure and rounds
//   targets  [{ what, target, values, unit, ratio?, met, tried? }]   `tried`: what was done to meet one that is missed,
//            in a few words; NOTES.md says it in full
//   notes    [paragraphs of markdown], optional
//   files    { name: text } of pictures that a note shows as `results/name`, optional

import { shown } from "./compare.mjs";
import { pairedRatio, summary } from "./statistics.mjs";

const ROW_HEAD = ["variant", "figure", "median", "min – max", "ratio"];
const TARGET_HEAD = ["benchmark", "what", "target", "measured: median (min – max)", "ratio", ""];
const WHEN_HEAD = ["benchmark", "machine", "memory", "system", "load then", "date", "commit", "took"];
const RIGHT = new Set(["median", "min – max"]);

export function rowCells({ variant, figure, values, against }) {
  const { median, min, max } = summary(values);
  const ratio = against ? `${pairedRatio(values, against.values).toFixed(2)} × ${against.variant}` : "";
  return [variant, figure, shown(median), `${shown(min)} – ${shown(max)}`, ratio];
}

export function targetCells(benchmark, { what, target, values, unit, ratio = "", met, tried }) {
  const { median, min, max } = summary(values);
  const range = values.length > 1 ? ` (${shown(min)} – ${shown(max)})` : "";
  const measured = `${shown(median)}${range} ${unit}`;
  return [
    benchmark,
    what,
    target,
    measured,
    ratio,
    met ? "met" : `MISSED. ${tried ?? "Not looked into yet"}`,
  ];
}

export function textOf(benchmark, { rows, targets, notes = [] }) {
  const parts = [aligned(ROW_HEAD, rows.map(rowCells))];
  if (targets.length > 0) {
    const cells = targets.map((target) => targetCells(benchmark, target).slice(1));
    parts.push(aligned(TARGET_HEAD.slice(1), cells));
  }
  return [...parts, ...notes].join("\n\n");
}

/** `results`: [{ name, summary, machine, seconds, report }]. */
export function markdownOf(results) {
  const targets = results.flatMap(({ name, report }) => report.targets.map((t) => targetCells(name, t)));
  const head = [
    "# Benchmark results",
    "Written by `make bench`; do not edit. Figures of another machine, or of a busy one, are other figures; the ratios are between runs that took turns. What the profiles showed and what was done is in [NOTES.md](NOTES.md).",
    "## Targets",
    markdownTable(TARGET_HEAD, targets),
    "## When and where",
    markdownTable(WHEN_HEAD, results.map(whenCells)),
    `All together: ${minutes(results)}. They are run one after another.`,
  ];
  return `${[...head, ...results.map(section)].join("\n\n")}\n`;
}

/** Of what was kept, each run as it was when it was kept. */
function minutes(results) {
  const seconds = results.reduce((sum, one) => sum + one.seconds, 0);
  return `${(seconds / 60).toFixed(1)} minutes (${results.length} benchmarks)`;
}

function section({ name, summary: what, report: { rows, notes = [] } }) {
  return [`## ${name}`, what, markdownTable(ROW_HEAD, rows.map(rowCells)), ...notes].join("\n\n");
}

function whenCells({ name, machine, seconds }) {
  return [name, ...machine.map(([, value]) => value), `${seconds} s`];
}

function aligned(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) =>
    cells
      .map((cell, i) => (RIGHT.has(head[i]) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
}

function markdownTable(head, rows) {
  const rule = head.map((title) => (RIGHT.has(title) ? "---:" : "---"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
