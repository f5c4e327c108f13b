// What runs beside a backfill when it is asked for: the shared rates, the port for monitoring, OpenTelemetry. All open or
// none: what stays open of a command that refuses its options would keep the process from ending.

import type { Logger } from "../../engine/contracts.ts";
import type { RateSharing } from "../../rates/rate-sharing.ts";
import type { Shard } from "../../sources/file/shards.ts";
import type { OpenTelemetry } from "../../telemetry/open-telemetry.ts";
import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import type { BackfillOptions } from "../backfill.ts";
import { operatorPort } from "../operator-port.ts";
import { otlpFor } from "../otlp.ts";
import { rateSharing } from "../rate-options.ts";

export interface Beside {
  readonly rates: RateSharing | undefined;
  readonly otlp: OpenTelemetry | undefined;
  close(): Promise<void>;
}

/** Throws UsageError and RunError, as each of them does. */
export async function openBeside(
  options: BackfillOptions,
  {
    log,
    pipelines,
    shard,
  }: {
    readonly log: Logger;
    readonly pipelines: () => readonly WatchedPipeline[];
    readonly shard: Shard | undefined;
  },
): Promise<Beside> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  };
  const keep = <T extends { close(): Promise<void> }>(one: T | undefined): T | undefined => {
    if (one) opened.push(one);
    return one;
  };
  try {
    const rates = keep(
      await rateSharing(options, process.env, { log, priority: "backfill", shards: shard?.of }),
    );
    keep(await operatorPort({ options, log, expected: 1, pipelines }));
    const otlp = keep(await otlpFor(options, { log, pipelines }));
    return { rates, otlp, close };
  } catch (error) {
    await close();
    throw error;
  }
}
