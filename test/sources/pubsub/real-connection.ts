// A source on a real gRPC connection and a real clock.

import { systemClock } from "../../../src/engine/clock.ts";
import type { SourceRecord } from "../../../src/engine/contracts.ts";
import { connectPull } from "../../../src/sources/pubsub/client.ts";
import { pubsubSourceExample, type PubSubSourceConfig } from "../../../src/sources/pubsub/config.ts";
import { PubSubSource } from "../../../src/sources/pubsub/source.ts";
import { aContext } from "../../support/context.ts";

/** What a test opened, closed after it in reverse order. */
export const closers: (() => Promise<void> | void)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Polls: for what happens in another process or on a socket, where no clock of ours decides. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A source on a real connection and a real clock, without any waiting between its tries. */
export function onRealConnection(endpoint: string, config: Partial<PubSubSourceConfig> = {}) {
  const full = { ...pubsubSourceExample, ackBatch: { count: 1_000, ms: 5 }, ...config, endpoint };
  const counts = new Map<string, number>();
  const context = aContext({
    clock: systemClock,
    random: () => 0.01,
    count: (metric, n) => void counts.set(metric, (counts.get(metric) ?? 0) + n),
  });
  const source = new PubSubSource(full, context, () => connectPull({ ...full, clock: systemClock }));
  const abort = new AbortController();
  const records: SourceRecord[] = [];
  let failure: unknown;
  const ended = source
    .run({ offer: (record) => void records.push(record) }, abort.signal)
    .catch((error: unknown) => {
      failure = error;
    });
  const stop = once(async () => {
    abort.abort();
    await ended;
    for (const record of records) record.settle("nack");
    await source.close();
  });
  closers.push(stop);
  return { records, counts, stop, ended, failure: () => failure };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
