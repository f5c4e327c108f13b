// What a benchmark yields, and how it is shown: on the terminal as aligned text, in RESULTS.md as tables.
//
//   row     { variant, figure, values, against? }   `against`: { variant, values } of the same figure and rounds
//   target  { what, target, values, unit, ratio, met }

import { shown } from "./compare.mjs";
import { pairedRatio, summary } from "./statistics.mjs";

const ROW_HEAD = ["variant", "figure", "median", "min – max", "ratio"];
const TARGET_HEAD = ["benchmark", "what", "target", "measured: median (min – max)", "ratio", ""];
const RIGHT = new Set(["median", "min – max"]);

export function rowCells({ variant, figure, values, against }) {
  const { median, min, max } = summary(values);
  const ratio = against ? `${pairedRatio(values, against.values).toFixed(2)} × ${against.variant}` : "";
  return [variant, figure, shown(median), `${shown(min)} – ${shown(max)}`, ratio];
}

export function targetCells(benchmark, { what, target, values, unit, ratio = "", met }) {
  const { median, min, max } = summary(values);
  const measured = `${shown(median)} (${shown(min)} – ${shown(max)}) ${unit}`;
  return [benchmark, what, target, measured, ratio, met ? "met" : "MISSED"];
}

export function textOf(benchmark, { rows, targets, notes = [] }) {
  const parts = [aligned(ROW_HEAD, rows.map(rowCells))];
  if (targets.length > 0) {
    const cells = targets.map((target) => targetCells(benchmark, target).slice(1));
    parts.push(aligned(TARGET_HEAD.slice(1), cells));
  }
  return [...parts, ...notes].join("\n\n");
}

/** `results`: [{ name, summary, report }]. */
export function markdownOf(machine, results) {
  const targets = results.flatMap(({ name, report }) => report.targets.map((t) => targetCells(name, t)));
  const sections = results.map(({ name, summary: what, report }) =>
    [`## ${name}`, what, markdownTable(ROW_HEAD, report.rows.map(rowCells)), ...(report.notes ?? [])].join(
      "\n\n",
    ),
  );
  const head = [
    "# Benchmark results",
    "Written by `node test/bench/bench.mjs --write`; do not edit. Figures of another machine, or of a busy one, are other figures; the ratios are between runs that took turns.",
    machine.map(([what, value]) => `- ${what}: ${value}`).join("\n"),
    "## Targets",
    markdownTable(TARGET_HEAD, targets),
  ];
  return `${[...head, ...sections].join("\n\n")}\n`;
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
