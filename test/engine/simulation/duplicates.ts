// A broker that hands out messages twice, a process that dies again and again, and a pipeline that lets each key through
// once. The law, looked at with every ack: each value of the record was delivered, dropped by a rule or dead-lettered in
// this life of the process, or another with its key was.

import {
  Drop,
  type Intake,
  type Settlement,
  type Source,
  type Transform,
} from "../../../src/engine/contracts.ts";
import { sleep } from "../../../src/engine/clock.ts";
import type { DeadLetter } from "../../../src/engine/dead-letters.ts";
import { DataError, SinkFault } from "../../../src/engine/errors.ts";
import { Metrics } from "../../../src/engine/metrics.ts";
import { Run } from "../../../src/engine/run.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { silentLog } from "../../support/context.ts";
import { aRecord, letterSink, textSink } from "../../support/stages.ts";
import { type Random, randomOf } from "./random.ts";

interface Entry {
  readonly id: string;
  readonly key: string;
  readonly doing: "pass" | "drop" | "bad-data";
  /** The sink refuses it for ever. */
  readonly poison: boolean;
  readonly fetchFailures: number;
}

interface Message {
  readonly id: string;
  /** One, or those of a block. */
  readonly entries: readonly Entry[];
}

export interface Counts {
  readonly violations: string[];
  duplicates: number;
  waited: number;
  lostLives: number;
  copies: number;
}

/** Nothing of a life happens after its end. */
interface Life {
  readonly clock: VirtualClock;
  readonly fates: Set<string>;
  isOver: boolean;
}

interface Settings {
  readonly records: number;
  readonly windowMs: number;
  readonly maxKeys: number;
  /** A second stage, by the first character of the key. */
  readonly byGroup: boolean;
  readonly trouble: number;
}

const GROUPS = 4;

class World {
  readonly random: Random;
  private readonly messages: readonly Message[];
  private readonly settings: Settings;
  private readonly entries: ReadonlyMap<string, Entry>;
  private readonly acked = new Set<string>();
  readonly counts: Counts = { violations: [], duplicates: 0, waited: 0, lostLives: 0, copies: 0 };

  constructor(seed: number) {
    this.random = randomOf(seed);
    const { random } = this;
    const keys = random.between(1, 25);
    this.messages = Array.from({ length: random.between(1, 40) }, (_, i) => messageOf(`m${i}`, keys, random));
    this.entries = new Map(this.messages.flatMap(({ entries }) => entries).map((entry) => [entry.id, entry]));
    this.settings = {
      records: random.between(1, 12),
      windowMs: random.chance(0.5) ? 100_000 : random.between(1, 2_000),
      maxKeys: random.chance(0.5) ? 100 : random.between(1, 8),
      byGroup: random.chance(0.3),
      trouble: random.next() * 0.6,
    };
  }

  async play(): Promise<Counts> {
    const lives = this.random.between(0, 4);
    for (let life = 0; life < lives; life++) await this.live(this.random.chance(0.7) ? "crash" : "stop");
    await this.live("end");
    for (const { id } of this.messages) if (!this.acked.has(id)) this.broken(`${id} was never acked`);
    return this.counts;
  }

  private async live(until: "crash" | "stop" | "end"): Promise<void> {
    const life: Life = { clock: new VirtualClock(), fates: new Set(), isOver: false };
    const { run, unsettled } = this.start(life, until);
    let result: Awaited<typeof run.done> | undefined;
    void run.done.then((ended) => {
      result = ended;
    });
    if (until !== "end") await life.clock.advance(this.random.between(0, 3_000));
    this.counts.waited += run.metrics.total("waiting_duplicates");
    if (until === "crash") {
      this.counts.lostLives += result ? 0 : 1;
      life.isOver = true;
      return;
    }
    if (until === "stop") run.stop();
    try {
      await life.clock.runUntil(() => result !== undefined, 24 * 3_600_000);
    } catch (error) {
      this.broken(`stuck: ${String(error)}`);
    }
    if (result?.state !== "stopped") this.broken(`the run failed: ${result?.error?.message}`);
    if (until === "end" && result?.gaveBack !== 0) this.broken(`${result?.gaveBack} given back at the end`);
    if (unsettled.size > 0) this.broken(`${[...unsettled].join()} never settled`);
    this.counts.duplicates += run.metrics
      .samples("dropped_total")
      .filter(({ labels }) => labels["reason"] === "duplicate")
      .reduce((sum, { value }) => sum + value, 0);
    life.isOver = true;
  }

  private start(life: Life, until: "crash" | "stop" | "end") {
    const { random, settings } = this;
    const unsettled = new Set<string>();
    const { windowMs, maxKeys } = settings;
    const onceBy = (keyOf: (entry: Entry) => string): { type: string; transform: Transform } => ({
      type: "once",
      transform: {
        apply: (value) => value,
        once: { keyOf: (value) => keyOf(value as Entry), windowMs, maxKeys },
      },
    });
    const run = new Run(
      {
        name: "sim",
        configVersion: "1",
        source: this.source(life, until, unsettled),
        transforms: [
          { type: "sim", transform: this.decode() },
          onceBy(({ key }) => key),
          { type: "sim-rule", transform: this.rule(life) },
          ...(settings.byGroup ? [onceBy(({ key }) => key[0]!)] : []),
          { type: "text", transform: { apply: (value) => (value as Entry).id } },
        ],
        sinks: [{ name: "sim", type: "sim", sink: this.sink(life) }],
        deadLetters: this.letters(life),
        deadLetterWindow: { size: 10_000, max: 10_000 },
        inFlight: { records: settings.records, bytes: 1e6 },
        drainMs: until === "stop" ? random.between(0, 2_000) : 3_600_000,
      },
      { clock: life.clock, random: random.next, log: silentLog, metrics: new Metrics() },
    );
    return { run, unsettled };
  }

  /** All that is not acked, in any order, now and then a second time. */
  private source(life: Life, until: string, unsettled: Set<string>): Source {
    const { random } = this;
    const left = this.messages.filter(({ id }) => !this.acked.has(id));
    const copies = left.flatMap((message) =>
      Array.from({ length: random.chance(0.4) ? random.between(2, 3) : 1 }, (_, i) => ({
        message,
        name: `${message.id}/${i}`,
        rank: random.next(),
      })),
    );
    copies.sort((a, b) => a.rank - b.rank);
    this.counts.copies += copies.length;
    const settle = (message: Message, name: string) => (how: Settlement) => {
      if (life.isOver) return;
      if (!unsettled.delete(name)) this.broken(`${name} settled twice`);
      if (how === "ack") this.ack(message, life);
    };
    return {
      redelivers: true,
      run: async (intake: Intake, signal) => {
        for (const { message, name } of copies) {
          if (random.chance(0.3)) await sleep(life.clock, random.between(0, 400), signal);
          if (signal.aborted) return;
          unsettled.add(name);
          const [first] = message.entries;
          const origin = aRecord(message.id, first!.id, { settle: settle(message, name) });
          const wait = intake.offer(
            message.entries.length === 1
              ? { ...origin, id: first!.id }
              : { ...origin, entries: () => entriesOf(message) },
          );
          if (wait) await wait;
        }
        if (until === "end") return;
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      },
      async close() {},
    };
  }

  private ack(message: Message, { fates }: Life): void {
    this.acked.add(message.id);
    for (const { id, key } of message.entries)
      if (!fates.has(key) && !(this.settings.byGroup && fates.has(key[0]!)))
        this.broken(`${message.id} acked, but nothing became of ${id} or another ${key}`);
  }

  private fate(id: string, { fates, isOver }: Life): void {
    if (isOver) return;
    const { key } = this.entries.get(id)!;
    fates.add(key).add(key[0]!);
  }

  private decode(): Transform {
    const failures = new Map<string, number>();
    return {
      prepare: ({ id }) => {
        const failed = failures.get(id) ?? 0;
        if (failed >= this.entries.get(id)!.fetchFailures) return undefined;
        failures.set(id, failed + 1);
        return Promise.reject(new Error("the registry is away"));
      },
      apply: (_, { id }) => this.entries.get(id)!,
    };
  }

  private rule(life: Life): Transform {
    const ruled = new Drop("ruled");
    return {
      apply: (value) => {
        const { id, doing } = value as Entry;
        if (doing === "bad-data") throw new DataError("sim-bad", "bad");
        if (doing === "pass") return value;
        this.fate(id, life);
        return ruled;
      },
    };
  }

  private sink(life: Life) {
    const { random, settings } = this;
    const isFair = () => life.clock.nowMs() > 5_000;
    return textSink(async (batch, signal) => {
      await sleep(life.clock, random.between(0, 400), signal);
      const isBad = !isFair() && random.chance(settings.trouble);
      if (signal.aborted || (isBad && random.chance(0.5)))
        throw new SinkFault("unavailable", "503", { code: "http-503" });
      const faults = batch.items.map(({ text }) =>
        this.entries.get(text)!.poison ? new SinkFault("rejected", "400", { code: "http-400" }) : null,
      );
      // What it took before the answer was lost does not count: nobody may rely on it.
      if (isBad) throw new SinkFault("unavailable", "timeout", { code: "timeout" });
      for (const [i, { text }] of batch.items.entries()) if (!faults[i]) this.fate(text, life);
      return faults;
    }) as never;
  }

  private letters(life: Life) {
    const { random, settings } = this;
    return letterSink(async (batch, signal) => {
      await sleep(life.clock, random.between(0, 100), signal);
      if (signal.aborted || (life.clock.nowMs() < 5_000 && random.chance(settings.trouble)))
        throw new SinkFault("unavailable", "disk full", { code: "disk-full" });
      for (const { value } of batch.items) this.fate((value as DeadLetter).id, life);
      return undefined;
    }) as never;
  }

  private broken(law: string): void {
    this.counts.violations.push(law);
  }
}

function messageOf(id: string, keys: number, random: Random): Message {
  const count = random.chance(0.3) ? random.between(2, 6) : 1;
  return {
    id,
    entries: Array.from({ length: count }, (_, i) => {
      const key = random.between(1, keys);
      const roll = random.next();
      return {
        id: `${id}#${i}`,
        key: `${key % GROUPS}k${key}`,
        doing: roll < 0.1 ? "drop" : roll < 0.2 ? "bad-data" : "pass",
        poison: random.chance(0.05),
        fetchFailures: random.chance(0.15) ? random.between(1, 3) : 0,
      } as const;
    }),
  };
}

function* entriesOf({ entries }: Message) {
  for (const { id } of entries) yield aRecord(id);
}

export function simulateDuplicates(seed: number): Promise<Counts> {
  return new World(seed).play();
}
