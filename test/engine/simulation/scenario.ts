// One random world from one seed: what the records are, what the weather does, when the run is stopped.

import { type Random, randomOf } from "./random.ts";

export type Doing = "pass" | "drop" | "bad-data" | "bug" | "nothing";

export interface SimEntry {
  readonly id: string;
  readonly doing: Doing;
  /** Lanes it goes to when it passes, at each sink that takes it. */
  readonly lanes: readonly string[];
  /** Lanes for which the transform has an error in place of a value. */
  readonly missing: readonly string[];
  /** Sinks that take it. */
  readonly sinks: readonly string[];
  /** Sinks that cannot tell whether they take it. */
  readonly unsure: readonly string[];
  /** A sink would refuse it for ever, with 400. */
  readonly poison: boolean;
  /** Encoding it fails. */
  readonly unencodable: boolean;
  /** How often what it needs cannot be fetched before it can. */
  readonly fetchFailures: number;
}

export interface SimRecord {
  readonly id: string;
  readonly bytes: number;
  readonly gapMs: number;
  /** Undefined: a single message, its only entry is `entries[0]`. */
  readonly block: boolean;
  /** A block whose listing breaks off after its entries. */
  readonly damaged: boolean;
  readonly entries: readonly SimEntry[];
}

export interface Scenario {
  readonly seed: number;
  readonly random: Random;
  readonly records: readonly SimRecord[];
  readonly limits: { readonly records: number; readonly bytes: number };
  /** Each with its own weather. */
  readonly sinks: readonly string[];
  readonly batch: { readonly count: number; readonly bytes: number };
  readonly rates: { readonly events: number; readonly requests: number; readonly bytes: number };
  readonly concurrency: number;
  readonly lingerMs: number;
  /** Probability of trouble per write while the weather is bad. */
  readonly trouble: number;
  /** Bad weather ends here, so that every run can end. */
  readonly fairFromMs: number;
  readonly deadLetterTrouble: number;
  readonly stopAtMs: number | undefined;
  readonly drainMs: number;
  /** The stop has time enough: nothing may be given back. */
  readonly cleanStop: boolean;
  /** At each another run takes over the source. */
  readonly reloadsAtMs: readonly number[];
}

/** Bytes. */
export const LARGEST_RECORD = 700;
const LANES = ["a", "b", "c"];
const SINKS = ["x", "y", "z"];

export function scenarioOf(seed: number): Scenario {
  const random = randomOf(seed);
  const limits = { records: random.between(1, 40), bytes: random.between(500, 20_000) };
  const fairFromMs = random.between(0, 20_000);
  const stopAtMs = random.chance(0.5) ? random.between(0, 30_000) : undefined;
  const cleanStop = stopAtMs !== undefined && random.chance(0.6);
  const sinks = SINKS.slice(0, random.chance(0.4) ? 1 : random.between(2, 3));
  return {
    seed,
    random,
    records: Array.from({ length: random.between(0, 60) }, (_, i) => recordOf(`r${i}`, sinks, random)),
    limits,
    sinks,
    batch: { count: random.between(1, 20), bytes: random.between(400, 3000) },
    rates: {
      events: random.chance(0.3) ? Number.POSITIVE_INFINITY : random.between(5, 500),
      requests: random.chance(0.5) ? Number.POSITIVE_INFINITY : random.between(5, 100),
      bytes: random.chance(0.7) ? Number.POSITIVE_INFINITY : random.between(1_000, 50_000),
    },
    concurrency: random.between(1, 5),
    lingerMs: random.chance(0.5) ? 0 : random.between(1, 50),
    trouble: random.next() * 0.7,
    fairFromMs,
    deadLetterTrouble: random.chance(0.5) ? 0 : random.next() * 0.5,
    stopAtMs,
    drainMs: cleanStop || stopAtMs === undefined ? 3_600_000 : random.between(0, 5_000),
    cleanStop,
    reloadsAtMs: random.chance(0.6)
      ? []
      : Array.from({ length: random.between(1, 8) }, () => random.between(0, 20_000)).sort((a, b) => a - b),
  };
}

function recordOf(id: string, sinks: readonly string[], random: Random): SimRecord {
  const block = random.chance(0.2);
  const count = block ? random.between(0, 12) : 1;
  return {
    id,
    bytes: random.between(0, LARGEST_RECORD),
    gapMs: random.chance(0.6) ? 0 : random.between(0, 900),
    block,
    damaged: block && random.chance(0.1),
    entries: Array.from({ length: count }, (_, i) => entryOf(block ? `${id}#${i}` : id, sinks, random)),
  };
}

function entryOf(id: string, sinks: readonly string[], random: Random): SimEntry {
  const roll = random.next();
  const doing: Doing =
    roll < 0.12 ? "drop" : roll < 0.17 ? "bad-data" : roll < 0.2 ? "bug" : roll < 0.22 ? "nothing" : "pass";
  const lanes = LANES.filter(() => random.chance(0.5));
  const unsure = sinks.length === 1 ? [] : sinks.filter(() => random.chance(0.05));
  return {
    id,
    doing,
    lanes,
    missing: lanes.filter(() => random.chance(0.1)),
    sinks: sinks.length === 1 ? sinks : sinks.filter((one) => !unsure.includes(one) && random.chance(0.6)),
    unsure,
    poison: random.chance(0.04),
    unencodable: random.chance(0.02),
    fetchFailures: random.chance(0.05) ? random.between(1, 3) : 0,
  };
}

/** The values a record must become: each needs a fate before the record may be acked. */
export function valuesOf(record: SimRecord): string[] {
  const values = record.entries.flatMap((entry) =>
    entry.doing === "pass" && entry.lanes.length > 0
      ? entry.lanes.flatMap((lane) => laneValues(entry, lane))
      : [entry.id],
  );
  return record.damaged ? [...values, `${record.id}!damage`] : values;
}

/** One for each sink that takes it or cannot tell; the value itself when none does, or when it could not be made. */
function laneValues(entry: SimEntry, lane: string): string[] {
  const sinks = entry.missing.includes(lane) ? [] : [...entry.sinks, ...entry.unsure];
  return sinks.length === 0 ? [`${entry.id}@${lane}`] : sinks.map((sink) => `${entry.id}@${lane}@${sink}`);
}
