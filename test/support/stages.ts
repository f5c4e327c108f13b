// Small sources and sinks for tests of the engine: everything they do is on the surface.

import type { Batch, Encoded, Sink, Source, SourceRecord } from "../../src/engine/contracts.ts";
import type { DeadLetter } from "../../src/engine/dead-letters.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { Run, type World } from "../../src/engine/run.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { silentLog } from "./context.ts";

export interface ListedRecord extends SourceRecord {
  settled: "ack" | "nack" | undefined;
}

export function aRecord(id: string, text = id, with_: Partial<SourceRecord> = {}): ListedRecord {
  const record: ListedRecord = {
    id,
    body: Buffer.from(text),
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    writerSchema: undefined,
    settled: undefined,
    settle(how) {
      record.settled = how;
    },
    ...with_,
  };
  return record;
}

/** Offers the records, then ends; or, with `live`, waits to be stopped. */
export function listSource(
  records: readonly SourceRecord[],
  options: { live?: boolean } = {},
): Source & { closed: boolean } {
  const source = {
    redelivers: true,
    closed: false,
    async run(intake: Parameters<Source["run"]>[0], signal: AbortSignal) {
      for (const record of records) {
        if (signal.aborted) return;
        const wait = intake.offer(record);
        if (wait) await wait;
      }
      if (!options.live || signal.aborted) return;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },
    async close() {
      source.closed = true;
    },
  };
  return source;
}

type Write = Sink<string>["write"];

/** Values are strings `lane:rest` or plain; what was taken is in `taken`, by lane. */
export function textSink(
  write: (batch: Batch<string>, signal: AbortSignal) => ReturnType<Write> = async () => undefined,
) {
  const writes: string[][] = [];
  const sink: Sink<string> & { readonly writes: string[][]; closed: boolean } = {
    writes,
    closed: false,
    limits: { count: 100, bytes: 10_000, itemBytes: 1_000, envelopeBytes: 10, separatorBytes: 1 },
    laneOf: (value) => (value.includes(":") ? value.slice(0, value.indexOf(":")) : "main"),
    laneSettings: () => ({
      rates: {
        events: Number.POSITIVE_INFINITY,
        requests: Number.POSITIVE_INFINITY,
        bytes: Number.POSITIVE_INFINITY,
      },
      concurrency: 4,
      lingerMs: 0,
      probeMs: 60_000,
    }),
    encode: (value) => value,
    write(batch, signal) {
      writes.push(batch.items.map((item: Encoded<string>) => item.text));
      return write(batch, signal);
    },
    async probe() {},
    async close() {
      sink.closed = true;
    },
  };
  return sink;
}

export function letterSink(
  write: Sink<DeadLetter>["write"] = async () => undefined,
): Sink<DeadLetter> & { letters: DeadLetter[] } {
  const letters: DeadLetter[] = [];
  return {
    letters,
    limits: { count: 100, bytes: 1e6, itemBytes: 1e9, envelopeBytes: 0, separatorBytes: 1 },
    laneOf: () => "dead-letters",
    laneSettings: () => ({
      rates: { events: 1, requests: 1, bytes: 1 },
      concurrency: 1,
      lingerMs: 0,
      probeMs: 1,
    }),
    encode: (letter) => JSON.stringify(letter),
    async write(batch, signal) {
      const faults = await write(batch, signal);
      letters.push(...batch.items.map((item) => item.value));
      return faults;
    },
    async probe() {},
    async close() {},
  };
}

export const toText = {
  type: "to-text",
  transform: { apply: (value: unknown) => Buffer.from(value as Uint8Array).toString("utf8") },
};

/** A run on a virtual clock; give only what the test is about. */
export function aRun(
  with_: Partial<Omit<Plan, "deadLetters">> & {
    sink?: Sink<string>;
    deadLetters?: Sink<DeadLetter>;
  } = {},
  world: Partial<World> = {},
) {
  const clock = (world.clock as VirtualClock | undefined) ?? new VirtualClock();
  const { sink = textSink(), deadLetters = letterSink(), ...plan } = with_;
  const run = new Run(
    {
      name: "test",
      configVersion: "v1",
      source: listSource([]),
      transforms: [toText],
      deadLetterWindow: { size: 1000, max: 500 },
      inFlight: { records: 100, bytes: 1e6 },
      drainMs: 20_000,
      sinks: [{ name: "text", type: "text", sink: sink as Sink }],
      ...plan,
      deadLetters: deadLetters as Sink,
    },
    { random: () => 0.5, log: silentLog, metrics: new Metrics(), ...world, clock },
  );
  let result: Awaited<typeof run.done> | undefined;
  void run.done.then((r) => {
    result = r;
  });
  return {
    run,
    clock,
    /** Lets virtual time pass until the run is over. */
    async finish() {
      await clock.runUntil(() => result !== undefined);
      return run.done;
    },
  };
}
