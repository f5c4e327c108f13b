// The console of the quick start: on a store that lives as long as the demo, under a key that nobody keeps.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SeenFlags } from "../../console/seen-flags.ts";
import type { ConsolePipeline } from "../../console/console-world.ts";
import type { LoadedPipeline } from "../../config/load.ts";
import { newMasterKey } from "../../destinations/master-keys.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import { allOf } from "../../engine/observers.ts";
import type { RunObserver } from "../../engine/observers.ts";
import { consoleFor, consolePipeline } from "../console.ts";
import type { Job } from "../job.ts";
import { openLiveView } from "../live-view.ts";
import { liveSettings } from "../live-settings.ts";
import { openStore } from "../settings-store.ts";

export interface DemoConsole {
  readonly url: string;
  /** The pipeline on live destinations and enablement. */
  readonly live: LoadedPipeline;
  readonly observer: RunObserver;
  show(job: Job): void;
  close(): Promise<void>;
}

export async function demoConsole(own: LoadedPipeline, address: string, log: Logger): Promise<DemoConsole> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-demo-"));
  const env = { SLUICE_SECRET_KEY: newMasterKey(), SLUICE_ENDPOINT_ALLOW: "loopback" };
  const open = await openStore({ store: folder }, env, own.scrubber);
  const settings = liveSettings(open, { log, stateDir: folder });
  const { live } = await settings.attach(own);
  const seenFlags = new SeenFlags();
  const shown: ConsolePipeline[] = [];
  const view = openLiveView({ command: "demo", log, pipelines: () => shown });
  const watch = view.live.watch(live);
  const jobs: Job[] = [];
  settings.follow(() => jobs);
  const start = (console: string) =>
    consoleFor({ options: { console }, open, log, seenFlags, live: view.live, pipelines: () => shown }, env);
  const console = await start(address).catch((error: unknown) => {
    // Two demos on one machine: the second takes any port that is free.
    if (error instanceof RunError && error.code === "console-address") return start("127.0.0.1:0");
    throw error;
  });
  return {
    url: console?.url ?? "",
    live,
    observer: allOf(watch.observer, seenFlags),
    show(job) {
      watch.began(job);
      jobs.push(job);
      shown.push(consolePipeline(own, live, job, log));
    },
    async close() {
      await console?.close();
      await view.close();
      await settings.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
