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
  /**
   * The same pipeline on live destinations and enablement. Waits until its enablement is known, or `stopWaiting`;
   * rejects when `signal` aborts before that.
   */
  attach(pipeline: LoadedPipeline, signal?: AbortSignal): Promise<AttachedPipeline>;
  stopWaiting(): void;
  /** From now on an edit reaches the lanes of these runs: new rates, another try. */
  follow(jobs: () => Iterable<Job>): void;
  close(): Promise<void>;
}

export interface AttachedPipeline {
  /** Nothing runs on it any more: what follows the store or LaunchDarkly for it ends. */
  release(): Promise<void>;
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
  const asked = new Set<LaunchDarklyEnablement>();
  const stopAsking = () => Promise.all([...asked].map((one) => one.close()));
  return {
    async attach(pipeline, signal) {
      const own = pipeline.enablementFrom
        ? { ...pipeline, enablement: ask(pipeline.name, pipeline.enablementFrom, context) }
        : pipeline;
      if (own.enablement instanceof LaunchDarklyEnablement) {
        asked.add(own.enablement);
        await readyOrAborted(own.enablement, signal);
      }
      const stopAsking = async () => {
        if (!(own.enablement instanceof LaunchDarklyEnablement)) return;
        asked.delete(own.enablement);
        await own.enablement.close();
      };
      if (!feed) return { own, live: own, release: stopAsking };
      const destinations = feed.destinationsWith(own.destinations);
      const enablement = feed.enablementWith(own.enablement);
      const release = async () => {
        feed.forget(destinations, enablement);
        await stopAsking();
      };
      return { own, live: { ...own, destinations, enablement }, release };
    },
    // What cannot be closed is closed again, and waited for, at the end.
    stopWaiting: () => void stopAsking(),
    follow: (jobs) =>
      feed?.onChange(() => {
        for (const { run } of jobs()) run.refreshLanes();
      }),
    async close() {
      await stopAsking();
      feed?.stop();
      await open?.store.close();
    },
  };
}

/** Closes it when it was not ready in time. */
async function readyOrAborted(enablement: LaunchDarklyEnablement, signal?: AbortSignal): Promise<void> {
  const giveUp = () => void enablement.close();
  signal?.addEventListener("abort", giveUp, { once: true });
  await enablement.ready;
  signal?.removeEventListener("abort", giveUp);
  if (signal?.aborted && enablement.ageMs === undefined)
    throw new Error("what is switched on is not known: LaunchDarkly did not say in time");
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
