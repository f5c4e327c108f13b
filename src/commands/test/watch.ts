// Runs again whenever a YAML, Avro or JSON file beside a test or its pipeline changes, until it is stopped.
//
// waiting --(a change)--> settling (editors write in several steps) --> running --> waiting; changes that come while
// it runs make it run once more.

import { watch as watchFolder } from "node:fs";

import { type Clock, sleep } from "../../engine/clock.ts";

const SETTLE_MS = 100;
const WATCHED = /\.(ya?ml|avsc|avro|json|ndjson|gz)$/;

export interface WatchOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The folders to look at from now on: pipelines may have moved. */
  run(): Promise<readonly string[]>;
}

/** Resolves soon after `signal` aborts. Rejects when a folder cannot be watched. */
export async function watch({ clock, signal, run }: WatchOptions): Promise<void> {
  while (!signal.aborted) {
    const folders = await run();
    await changeIn(folders, signal);
    await sleep(clock, SETTLE_MS, signal);
  }
}

function changeIn(folders: readonly string[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const watchers = [...new Set(folders)].map((folder) =>
      watchFolder(folder, (_, name) => {
        if (name === null || WATCHED.test(name)) finish();
      }),
    );
    const close = () => {
      for (const watcher of watchers) watcher.close();
      signal.removeEventListener("abort", finish);
    };
    const finish = () => {
      close();
      resolve();
    };
    for (const watcher of watchers) {
      watcher.on("error", (error) => {
        close();
        reject(error);
      });
    }
    signal.addEventListener("abort", finish, { once: true });
  });
}
