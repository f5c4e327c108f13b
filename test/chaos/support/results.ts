// One line for each run: on the screen always, and as JSON in a folder when one is given, for the results table.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Verdict } from "./invariants.ts";

/** `long` runs what takes too long for every test run. */
export const isLong = process.env["SLUICE_CHAOS"] === "long";

export interface Result {
  /** For the order in the table: the row of the matrix, or a word. */
  readonly row: string;
  readonly fault: string;
  readonly injected: string;
  readonly seed: number;
  readonly verdict: Pick<
    Verdict,
    "issued" | "lost" | "duplicates" | "duplicatesAllowed" | "delivered" | "dropped" | "deadLettered"
  >;
  readonly recoveredMs?: number | undefined;
  /** Of the whole row, from the start of the local servers to the end of the program. */
  readonly tookMs: number;
  readonly note?: string | undefined;
}

/** Repeats a run: SLUICE_CHAOS_SEED=… ; else every run has another. */
export function freshSeed(): number {
  const given = process.env["SLUICE_CHAOS_SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

export function record(result: Result): void {
  const { row, fault, injected, seed, verdict, recoveredMs, tookMs, note } = result;
  const parts = [
    `chaos ${row}: ${fault}`,
    `injected ${injected}`,
    `${verdict.issued} issued, ${verdict.delivered} delivered, ${verdict.dropped} dropped, ${verdict.deadLettered} dead-lettered`,
    `lost ${verdict.lost}`,
    `duplicated ${verdict.duplicates} (allowed ${verdict.duplicatesAllowed})`,
    ...(recoveredMs === undefined ? [] : [`recovered in ${(recoveredMs / 1000).toFixed(1)} s`]),
    ...(note === undefined ? [] : [note]),
    `took ${(tookMs / 1000).toFixed(1)} s`,
    `seed ${seed}`,
  ];
  say(parts.join("; "));
  write(row, fault, result);
}

/** A row that this machine cannot run. It is said aloud, and stands in the table. */
export function leftOut(row: string, fault: string, why: string): void {
  say(`chaos ${row}: ${fault}; LEFT OUT: ${why}`);
  write(row, fault, { row, fault, leftOut: why });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function write(row: string, fault: string, what: object): void {
  const folder = process.env["SLUICE_CHAOS_RESULTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const name = `${row}-${fault}`.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 120);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(what));
}
