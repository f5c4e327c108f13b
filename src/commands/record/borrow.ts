// Some messages of a live subscription, looked at and given back: nothing is acked.

import type { LoadedPipeline } from "../../config/load.ts";
import { sleep, systemClock } from "../../engine/clock.ts";
import type { Logger, SourceRecord } from "../../engine/contracts.ts";
import type { GivenRecord } from "../test/given-records.ts";

export interface Wanted {
  readonly count: number;
  readonly waitMs: number;
}

/** At most `count` different messages of at most `waitMs`; every one is given back before this resolves. */
export async function borrow(
  { source, name, baseDir, destinations, enablement }: LoadedPipeline,
  { count, waitMs }: Wanted,
  log: Logger,
): Promise<GivenRecord[]> {
  const made = await source.definition.create(source.config as never, {
    ...{
      pipeline: name,
      stage: source.definition.type,
      log,
      clock: systemClock,
      random: Math.random,
      baseDir,
    },
    ...{ destinations, enablement, count() {}, gauge() {} },
  });
  const held = new Map<string, SourceRecord>();
  const stop = new AbortController();
  const offer = (record: SourceRecord) => {
    // One that comes again is given back at once, as are those that are too many.
    if (held.size >= count || held.has(record.id)) record.settle("nack");
    else held.set(record.id, record);
    if (held.size >= count) stop.abort();
    return undefined;
  };
  const waited = new AbortController();
  void sleep(systemClock, waitMs, waited.signal).then(() => stop.abort());
  try {
    await made.run({ offer }, stop.signal);
  } finally {
    waited.abort();
    for (const record of held.values()) record.settle("nack");
    await made.close();
  }
  return [...held.values()].map(({ body, attributes, writerSchema, publishedAtMs, attempt }) => ({
    ...{
      body: Buffer.from(body),
      attributes,
      writerSchema,
      publishedAtMs,
      attempt,
      times: 1,
      atMs: undefined,
    },
  }));
}
