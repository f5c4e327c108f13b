// Gives pipelines their destinations and enablement as they are at each moment, the store's included.

import type { LoadedPipeline } from "../config/load.ts";
import { StoreFeed } from "../destinations/store-feed.ts";
import type { Logger } from "../engine/contracts.ts";
import type { Job } from "./job.ts";
import type { OpenStore } from "./settings-store.ts";

export interface LiveSettings {
  /** The same pipeline on live destinations and enablement. */
  attach(pipeline: LoadedPipeline): LoadedPipeline;
  /** From now on an edit reaches the lanes of these runs: new rates, another try. */
  follow(jobs: readonly Job[]): void;
  close(): Promise<void>;
}

/** Without a store everything stays as it was loaded. */
export function liveSettings(open: OpenStore | undefined, log: Logger): LiveSettings {
  if (!open) return { attach: (pipeline) => pipeline, follow: () => undefined, close: async () => undefined };
  const { store, ring, reach } = open;
  const feed = StoreFeed.start(store, { ring, reach, log });
  return {
    attach: (pipeline) => ({
      ...pipeline,
      destinations: feed.destinationsWith(pipeline.destinations),
      enablement: feed.enablementWith(pipeline.enablement),
    }),
    follow: (jobs) =>
      feed.onChange(() => {
        for (const { run } of jobs) run.refreshLanes();
      }),
    async close() {
      feed.stop();
      await store.close();
    },
  };
}
