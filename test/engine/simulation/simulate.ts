// Plays one scenario with the real engine between a source, a transform and sinks that misbehave.

import {
  type Batch,
  Drop,
  type Intake,
  Many,
  type Origin,
  type Sink,
  type Source,
  type SourceRecord,
  type Transform,
} from "../../../src/engine/contracts.ts";
import { sleep } from "../../../src/engine/clock.ts";
import type { DeadLetter } from "../../../src/engine/dead-letters.ts";
import { DataError, SinkFault } from "../../../src/engine/errors.ts";
import { Metrics } from "../../../src/engine/metrics.ts";
import { type PlannedSink, unrouted } from "../../../src/engine/router.ts";
import { Run, type RunObserver, type RunResult } from "../../../src/engine/run.ts";
import { SharedLimiters } from "../../../src/engine/shared-limiters.ts";
import { SharedSource } from "../../../src/engine/shared-source.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { silentLog } from "../../support/context.ts";
import { Oracle, RateWatch } from "./oracle.ts";
import { LARGEST_RECORD, type Scenario, type SimEntry, type SimRecord, valuesOf } from "./scenario.ts";

interface SimValue {
  readonly entry: SimEntry;
  readonly lane: string;
}

/** As of the program. */
const MOST_DRAINING = 3;
const BODY = new Uint8Array(1024);

function originOf(id: string, bytes: number): Origin {
  return {
    id,
    body: BODY.subarray(0, bytes),
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    writerSchema: undefined,
  };
}

class SimSource implements Source {
  readonly redelivers = true;
  closed = false;

  constructor(
    private readonly scenario: Scenario,
    private readonly clock: VirtualClock,
    private readonly oracle: Oracle,
  ) {}

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    for (const record of this.scenario.records) {
      if (record.gapMs > 0) await sleep(this.clock, record.gapMs, signal);
      if (signal.aborted) return;
      this.oracle.offered(record.id, record.bytes, valuesOf(record));
      const wait = intake.offer(this.recordOf(record));
      if (wait) await wait;
    }
    if (this.scenario.stopAtMs !== undefined) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private recordOf(record: SimRecord): SourceRecord {
    const settle = (how: "ack" | "nack") => {
      if (this.closed) this.oracle.broken(`${record.id} settled after the source was closed`);
      this.oracle.settled(record.id, how);
    };
    const origin = originOf(record.id, record.bytes);
    if (!record.block) return { ...origin, settle };
    return {
      ...origin,
      settle,
      *entries() {
        for (const entry of record.entries) yield originOf(entry.id, 10);
        if (record.damaged) throw new DataError("damaged", "the rest of the block is damaged");
      },
    };
  }
}

function transformOf(scenario: Scenario, oracle: Oracle): Transform {
  const entries = new Map(scenario.records.flatMap((r) => r.entries).map((entry) => [entry.id, entry]));
  const failuresLeft = new Map([...entries.values()].map((entry) => [entry.id, entry.fetchFailures]));
  return {
    prepare(origin) {
      const left = failuresLeft.get(origin.id) ?? 0;
      if (left === 0) return undefined;
      failuresLeft.set(origin.id, left - 1);
      return left > 1 ? Promise.reject(new Error("the registry is away")) : Promise.resolve();
    },
    apply(_value, origin) {
      const entry = entries.get(origin.id)!;
      if (entry.doing === "drop") {
        oracle.fate(entry.id, "dropped");
        return new Drop("sim");
      }
      if (entry.doing === "bad-data") throw new DataError("sim-bad", "bad");
      if (entry.doing === "bug") throw new TypeError("a bug of the stage");
      if (entry.doing === "nothing" || entry.lanes.length === 0) oracle.fate(entry.id, "dropped");
      if (entry.doing === "nothing") return new Many([]);
      return new Many(
        entry.lanes.map((lane): SimValue | DataError =>
          entry.missing.includes(lane)
            ? new DataError("sim-missing", "nothing for this lane", { destination: lane })
            : { entry, lane },
        ),
      );
    },
  };
}

class SimSink implements Sink<SimValue> {
  readonly limits;
  private refusing = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly scenario: Scenario,
    private readonly clock: VirtualClock,
    private readonly oracle: Oracle,
    /** By lane: the rate holds over all sinks. */
    private readonly watches: Map<string, RateWatch>,
  ) {
    this.limits = { ...scenario.batch, itemBytes: 120, envelopeBytes: 50, separatorBytes: 1 };
  }

  laneOf(value: SimValue): string {
    return value.lane;
  }

  laneSettings() {
    const { rates, concurrency, lingerMs } = this.scenario;
    return { rates, concurrency, lingerMs, probeMs: 5_000 };
  }

  encode({ entry, lane }: SimValue): string {
    if (entry.unencodable) throw new DataError("sim-unencodable", "cannot be written");
    return `${entry.id}@${lane}`.padEnd(20 + (entry.id.length % 60), ".");
  }

  async write(batch: Batch<SimValue>, signal: AbortSignal): Promise<undefined | (SinkFault | null)[]> {
    this.check(batch);
    const { random } = this.scenario;
    await sleep(this.clock, random.between(0, 300), signal);
    if (signal.aborted) throw new SinkFault("unavailable", "aborted", { code: "aborted" });
    if (this.refusing.has(batch.lane)) throw new SinkFault("misconfigured", "401", { code: "http-401" });
    if (this.badWeather() && random.chance(this.scenario.trouble)) this.storm(batch);
    if (!batch.items.some(({ value }) => value.entry.poison)) return this.take(batch.items);
    if (random.chance(0.5)) throw new SinkFault("rejected", "400", { code: "http-400" });
    this.take(batch.items.filter(({ value }) => !value.entry.poison));
    return batch.items.map(({ value }) =>
      value.entry.poison ? new SinkFault("rejected", "bad item", { code: "item" }) : null,
    );
  }

  async probe(lane: string): Promise<void> {
    if (this.badWeather() && this.scenario.random.chance(0.5)) {
      throw new SinkFault("misconfigured", "still 401", { code: "http-401" });
    }
    this.refusing.delete(lane);
  }

  async close(): Promise<void> {}

  private badWeather(): boolean {
    return this.clock.nowMs() < this.scenario.fairFromMs;
  }

  private storm(batch: Batch<SimValue>): void {
    const { random } = this.scenario;
    switch (random.between(0, 4)) {
      case 0:
        throw new SinkFault("unavailable", "503", { code: "http-503" });
      case 1:
        // It took it, then timed out: delivered in truth, but nobody may rely on it.
        if (!batch.items.some(({ value }) => value.entry.poison)) this.take(batch.items);
        throw new SinkFault("unavailable", "timeout", { code: "timeout" });
      case 2: {
        const retryAfterMs = random.chance(0.5) ? random.between(1, 4_000) : undefined;
        throw new SinkFault("throttled", "429", { code: "http-429", retryAfterMs });
      }
      case 3:
        this.refusing.add(batch.lane);
        throw new SinkFault("misconfigured", "401", { code: "http-401" });
      default:
        throw new SinkFault("unavailable", "reset", { code: "connection-reset" });
    }
  }

  private take(items: Batch<SimValue>["items"]): undefined {
    for (const { value } of items)
      this.oracle.fate(`${value.entry.id}@${value.lane}@${this.name}`, "delivered");
    return undefined;
  }

  private check(batch: Batch<SimValue>): void {
    const { count, bytes, envelopeBytes } = this.limits;
    if (batch.items.length === 0 || batch.items.length > count)
      this.oracle.broken(`a batch of ${batch.items.length}`);
    const size = batch.items.reduce((sum, item) => sum + item.bytes, 0) + batch.items.length - 1;
    if (size !== batch.bytes) this.oracle.broken(`a batch said ${batch.bytes} bytes, but has ${size}`);
    if (size + envelopeBytes > bytes && batch.items.length > 1)
      this.oracle.broken(`a batch of ${size} bytes`);
    if (batch.items.some(({ value }) => value.lane !== batch.lane)) this.oracle.broken("a batch mixes lanes");
    const watch = this.watches.get(batch.lane) ?? new RateWatch();
    this.watches.set(batch.lane, watch);
    watch.sentNow(this.clock.nowMs(), batch.items.length, size + envelopeBytes);
    const { rates } = this.scenario;
    if (watch.worstEvents > rates.events) this.oracle.broken(`${watch.worstEvents} events in a second`);
    if (watch.worstRequests > rates.requests)
      this.oracle.broken(`${watch.worstRequests} requests in a second`);
    if (watch.worstBytes > rates.bytes) this.oracle.broken(`${watch.worstBytes} bytes in a second`);
  }
}

function deadLetterSink(scenario: Scenario, clock: VirtualClock, oracle: Oracle): Sink<DeadLetter> {
  return {
    limits: { count: 10, bytes: 5_000, itemBytes: 1e9, envelopeBytes: 0, separatorBytes: 1 },
    laneOf: () => "dead-letters",
    laneSettings: () => ({
      rates: { events: 1, requests: 1, bytes: 1 },
      concurrency: 1,
      lingerMs: 0,
      probeMs: 1,
    }),
    encode: (letter) => JSON.stringify(letter),
    async write(batch, signal) {
      await sleep(clock, scenario.random.between(0, 50), signal);
      if (
        signal.aborted ||
        scenario.random.chance(clock.nowMs() < scenario.fairFromMs ? scenario.deadLetterTrouble : 0)
      ) {
        throw new SinkFault("unavailable", "disk full", { code: "disk-full" });
      }
      for (const { value } of batch.items) {
        const { id, destination, code, stage } = value;
        // Only a pipeline of several sinks names the one that missed it.
        const sink = value.sink ?? (stage === "sim-sink" ? scenario.sinks[0] : undefined);
        const place = destination ? `@${destination}${sink === undefined ? "" : `@${sink}`}` : "";
        oracle.fate(id + (code === "damaged" ? "!damage" : place), "dead-lettered");
        // A pass whose encoding failed is judged by lane; one whose stage failed, as a whole.
      }
      return undefined;
    },
    async probe() {},
    async close() {},
  };
}

interface SimWorld {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly oracle: Oracle;
  readonly watches: Map<string, RateWatch>;
}

function simSink(name: string, { scenario, clock, oracle, watches }: SimWorld): PlannedSink {
  const sink = new SimSink(name, scenario, clock, oracle, watches) as Sink;
  if (scenario.sinks.length === 1) return { name, type: "sim-sink", sink };
  return {
    name,
    type: "sim-sink",
    sink,
    takes(value) {
      const { entry } = value as SimValue;
      if (entry.unsure.includes(name)) throw new DataError("sim-unsure", "cannot tell");
      return entry.sinks.includes(name);
    },
  };
}

/** What a transform drops is noted by the transform. */
function unroutedIn(oracle: Oracle): RunObserver {
  return {
    dropped(_origin, _stage, drop, value) {
      if (drop !== unrouted) return;
      const { entry, lane } = value as SimValue;
      oracle.fate(`${entry.id}@${lane}`, "dropped");
    },
  };
}

export interface Outcome {
  readonly violations: readonly string[];
  readonly records: number;
  readonly gaveBack: number;
  readonly timersLeft: number;
}

export async function simulate(scenario: Scenario): Promise<Outcome> {
  const clock = new VirtualClock();
  const oracle = new Oracle(boundOf(scenario));
  const metrics = new Metrics();
  const watches = new Map<string, RateWatch>();
  const source = new SharedSource(watchAdmissions(new SimSource(scenario, clock, oracle), oracle));
  const limiters = new SharedLimiters(clock);
  const start = () =>
    new Run(
      {
        name: "sim",
        configVersion: "1",
        source: source.share(() => {}),
        transforms: [{ type: "sim", transform: transformOf(scenario, oracle) }],
        sinks: scenario.sinks.map((name) => simSink(name, { scenario, clock, oracle, watches })),
        deadLetters: deadLetterSink(scenario, clock, oracle) as Sink,
        deadLetterWindow: { size: 1_000, max: 1_000 },
        inFlight: scenario.limits,
        drainMs: scenario.drainMs,
      },
      {
        clock,
        random: scenario.random.next,
        log: silentLog,
        metrics,
        limiters,
        observer: unroutedIn(oracle),
      },
    );
  const runs = [start()];
  const results: RunResult[] = [];
  const follow = (run: Run) => void run.done.then((result) => results.push(result));
  follow(runs[0]!);
  for (const atMs of scenario.reloadsAtMs)
    clock.after(atMs, () => {
      const before = runs.at(-1)!;
      // It has ended, or is about to: nothing comes after it.
      if (before.state !== "running" || atMs >= (scenario.stopAtMs ?? Number.POSITIVE_INFINITY)) return;
      const next = start();
      runs.push(next);
      follow(next);
      queueMicrotask(() => queueMicrotask(() => before.handOver(next)));
      for (const late of runs.slice(0, -1 - MOST_DRAINING)) late.abort();
    });
  if (scenario.stopAtMs !== undefined)
    clock.after(scenario.stopAtMs, () => {
      for (const run of runs) run.stop();
    });
  try {
    await clock.runUntil(() => results.length === runs.length, 24 * 3_600_000);
  } catch (error) {
    return {
      violations: [`stuck: ${String(error)}`, ...oracle.violations],
      records: oracle.count,
      gaveBack: 0,
      timersLeft: 0,
    };
  }
  const failed = results.find(({ state }) => state === "failed");
  if (failed) oracle.broken(`the run failed: ${failed.error?.message}`);
  const gaveBack = results.reduce((sum, result) => sum + result.gaveBack, 0);
  oracle.finish(scenario.stopAtMs !== undefined && !scenario.cleanStop, gaveBack);
  checkBooks(metrics, oracle, gaveBack);
  const own = scenario.reloadsAtMs.length + (scenario.stopAtMs !== undefined ? 1 : 0);
  if (clock.pendingTimers > own) oracle.broken("timers are left behind");
  return {
    violations: oracle.violations,
    records: oracle.count,
    gaveBack,
    timersLeft: clock.pendingTimers,
  };
}

/** Each run holds at most the limits, or one record alone; those that drain hold theirs beside the newest. */
function boundOf({ limits, reloadsAtMs }: Scenario): Scenario["limits"] {
  const runs = reloadsAtMs.length + 1;
  if (runs === 1) return limits;
  return { records: limits.records * runs, bytes: Math.max(limits.bytes, LARGEST_RECORD) * runs };
}

/** Over all runs: what came in went out, once. */
function checkBooks(metrics: Metrics, oracle: Oracle, gaveBack: number): void {
  const received = metrics.total("records_received_total");
  const acked = metrics.total("records_acked_total");
  const nacked = metrics.total("records_given_back_total");
  if (received !== oracle.count || received !== acked + nacked || nacked < gaveBack)
    oracle.broken(`${received} of ${oracle.count} received, ${acked} acked, ${nacked} given back`);
}

/** Tells the oracle when an offer was taken: at once, or when its promise resolves. */
function watchAdmissions(source: Source, oracle: Oracle): Source {
  return {
    redelivers: source.redelivers,
    close: () => source.close(),
    run: (intake, signal) =>
      source.run(
        {
          offer(record) {
            const wait = intake.offer(record);
            if (!wait) {
              oracle.admitted(record.id);
              return undefined;
            }
            return wait.then(() => oracle.admitted(record.id));
          },
        },
        signal,
      ),
  };
}
