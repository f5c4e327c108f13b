// Gives pipelines their destinations and enablement as they are at each moment: the store's and LaunchDarkly's included.

import { join } from "node:path";

import type { LaunchDarklySettings } from "../config/definition.ts";
import type { LoadedPipeline } from "../config/load.ts";
import { LaunchDarklyApi } from "../destinations/launchdarkly/api-client.ts";
import { LaunchDarklyEnablement } from "../destinations/launchdarkly/enablement.ts";
import { StoreFeed } from "../destinations/store-feed.ts";
import { systemClock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import type { Job } from "./job.ts";
import type { OpenStore } from "./settings-store.ts";

export interface LiveSettings {
  /** The same pipeline on live destinations and enablement. Waits until its enablement is known, or `stopWaiting`. */
  attach(pipeline: LoadedPipeline): Promise<AttachedPipeline>;
  stopWaiting(): void;
  /** From now on an edit reaches the lanes of these runs: new rates, another try. */
  follow(jobs: readonly Job[]): void;
  close(): Promise<void>;
}

export interface AttachedPipeline {
  /** Without what the store adds. */
  readonly own: LoadedPipeline;
  readonly live: LoadedPipeline;
}

export interface LiveContext {
  readonly log: Logger;
  /** Where the last snapshot of LaunchDarkly is kept. */
  readonly stateDir: string;
}

const DEFAULT_BASE_URL = "https://app.launchdarkly.com";
const DEFAULT_POLL_MS = 60_000;

/** Without a store and without LaunchDarkly everything stays as it was loaded. */
export function liveSettings(open: OpenStore | undefined, context: LiveContext): LiveSettings {
  const { log } = context;
  const feed = open && StoreFeed.start(open.store, { ring: open.ring, reach: open.reach, log });
  const asked: LaunchDarklyEnablement[] = [];
  const stopAsking = () => Promise.all(asked.map((one) => one.close()));
  return {
    async attach(pipeline) {
      const own = pipeline.enablementFrom
        ? { ...pipeline, enablement: ask(pipeline.name, pipeline.enablementFrom, context) }
        : pipeline;
      if (own.enablement instanceof LaunchDarklyEnablement) {
        asked.push(own.enablement);
        await own.enablement.ready;
      }
      if (!feed) return { own, live: own };
      const destinations = feed.destinationsWith(own.destinations);
      return { own, live: { ...own, destinations, enablement: feed.enablementWith(own.enablement) } };
    },
    // What cannot be closed is closed again, and waited for, at the end.
    stopWaiting: () => void stopAsking(),
    follow: (jobs) =>
      feed?.onChange(() => {
        for (const { run } of jobs) run.refreshLanes();
      }),
    async close() {
      await stopAsking();
      feed?.stop();
      await open?.store.close();
    },
  };
}

function ask(
  name: string,
  settings: LaunchDarklySettings,
  { log, stateDir }: LiveContext,
): LaunchDarklyEnablement {
  const { accessToken, projects, environments, events = true, pollMs = DEFAULT_POLL_MS } = settings;
  const api = new LaunchDarklyApi({
    baseUrl: settings.baseUrl ?? DEFAULT_BASE_URL,
    accessToken: () => accessToken.reveal(),
    clock: systemClock,
  });
  return new LaunchDarklyEnablement({
    api,
    scope: { projects, environments },
    pollMs,
    events,
    snapshotPath: join(stateDir, name, "launchdarkly-enablement.json"),
    clock: systemClock,
    random: Math.random,
    log,
  });
}
