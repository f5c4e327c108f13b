// A source under test: its Pub/Sub is a fake, its engine is a list, its time stands still.

import type { Intake, SourceRecord } from "../../../src/engine/contracts.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { pubsubSourceExample, type PubSubSourceConfig } from "../../../src/sources/pubsub/config.ts";
import { PubSubSource } from "../../../src/sources/pubsub/source.ts";
import { aContext, recordingLog } from "../../support/context.ts";
import { FakePubSub } from "./fake-pull.ts";

export class FakeEngine implements Intake {
  readonly records: SourceRecord[] = [];
  /** While true, one offer waits. */
  full = false;
  private waiting: (() => void) | undefined;

  offer(record: SourceRecord): Promise<void> | undefined {
    if (this.waiting) throw new Error("a second offer while one waits");
    if (!this.full) {
      this.records.push(record);
      return undefined;
    }
    return new Promise((resolve) => {
      this.waiting = () => {
        this.records.push(record);
        resolve();
      };
    });
  }

  /** Lets the waiting offer in; `open` keeps the door open. */
  letIn(how: "one" | "all"): void {
    this.full = how === "one";
    const go = this.waiting;
    this.waiting = undefined;
    go?.();
  }

  ids(): string[] {
    return this.records.map(({ id }) => id);
  }

  settleAll(how: "ack" | "nack" = "ack"): void {
    for (const record of this.records.splice(0)) record.settle(how);
  }
}

export interface Fixture {
  readonly fake: FakePubSub;
  readonly engine: FakeEngine;
  readonly clock: VirtualClock;
  readonly log: ReturnType<typeof recordingLog>;
  readonly source: PubSubSource;
  readonly counts: Map<string, number>;
  readonly gauges: Map<string, number>;
  readonly abort: AbortController;
  /** Of `run`: undefined while it runs. */
  outcome: { error?: unknown } | undefined;
  readonly running: Promise<void>;
}

/** Runs a source until its first stream is open (or its first connection failed). */
export async function running(
  config: Partial<PubSubSourceConfig> = {},
  prepare: (fake: FakePubSub) => void = () => {},
): Promise<Fixture> {
  const clock = new VirtualClock();
  const log = recordingLog();
  const fake = new FakePubSub();
  prepare(fake);
  const engine = new FakeEngine();
  const counts = new Map<string, number>();
  const gauges = new Map<string, number>();
  const name = (metric: string, labels?: Readonly<Record<string, string>>) =>
    [metric, ...Object.values(labels ?? {})].join(" ");
  const context = aContext({
    clock,
    log,
    count: (metric, n, labels) =>
      void counts.set(name(metric, labels), (counts.get(name(metric, labels)) ?? 0) + n),
    gauge: (metric, value) => void gauges.set(metric, value),
  });
  const source = new PubSubSource({ ...pubsubSourceExample, ...config }, context, fake.connect);
  const abort = new AbortController();
  const run = source.run(engine, abort.signal);
  const fixture: Fixture = {
    fake,
    engine,
    clock,
    log,
    source,
    counts,
    gauges,
    abort,
    outcome: undefined,
    running: run.then(
      () => {
        fixture.outcome = {};
      },
      (error: unknown) => {
        fixture.outcome = { error };
      },
    ),
  };
  await clock.advance(0);
  return fixture;
}

/** Stops and closes; fails when anything is left that could fire later. */
export async function stopped(fixture: Fixture): Promise<void> {
  fixture.abort.abort();
  await fixture.running;
  fixture.engine.letIn("all");
  await fixture.clock.advance(0);
  fixture.engine.settleAll("nack");
  const closing = fixture.source.close();
  await fixture.clock.advance(60_000);
  await closing;
  if (fixture.clock.pendingTimers > 0) throw new Error(`${fixture.clock.pendingTimers} timers are left`);
  for (const client of fixture.fake.clients) if (!client.closed) throw new Error("a client was left open");
}
