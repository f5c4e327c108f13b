import { join, resolve } from "node:path";

import type { LoadedPipeline } from "../config/load.ts";
import type { GlobalOptions } from "./global-options.ts";
import { liveSettings } from "./live-settings.ts";
import { createLog } from "./logger.ts";
import { openStoreIfAny } from "./settings-store.ts";
import type { StoreOptions } from "./store-options.ts";

/** Runs `act` on the pipeline with the store's destinations and flags, and LaunchDarkly's, when it has them. */
export async function withLiveSettings<T>(
  options: GlobalOptions & StoreOptions,
  pipeline: LoadedPipeline,
  act: (live: LoadedPipeline) => Promise<T>,
): Promise<T> {
  // One scrubber: whoever logs about the pipeline takes the store's keys out too.
  const open = await openStoreIfAny(options, process.env, pipeline.scrubber);
  const scrubbers = [pipeline.scrubber];
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers });
  const settings = liveSettings(open, { log, stateDir: resolve(join(".sluice", "state")) });
  try {
    const { live } = await settings.attach(pipeline);
    return await act(live);
  } finally {
    await settings.close();
  }
}
