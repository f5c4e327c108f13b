// Enablement as LaunchDarkly has it, asked for now and then.
//
//   waiting ---(first snapshot, from disk or LaunchDarkly)--> current --(poll fails)--> stale --(poll works)--> current
//
// While waiting nothing is known, and a pipeline that ran would drop everything: `ready` is waited for before one
// starts. A stale snapshot goes on holding, however old; its age is shown and complained about.

import type { Clock } from "../../engine/clock.ts";
import { sleep } from "../../engine/clock.ts";
import type { EnvironmentExport, Logger } from "../../engine/contracts.ts";
import { enablementIndex, type ListedEnablement, type ListedEnvironment } from "../enablement.ts";
import { fullJitterMs } from "../../engine/backoff.ts";
import { LaunchDarklyRefused, LaunchDarklyUnavailable, type LaunchDarklyApi } from "./api-client.ts";
import { type EnvironmentSwitches, type LaunchDarklyScope, readSwitches } from "./read-switches.ts";
import { readSnapshot, type Snapshot, writeSnapshot } from "./snapshot.ts";

export interface LaunchDarklyEnablementOptions {
  readonly api: LaunchDarklyApi;
  readonly scope: LaunchDarklyScope;
  readonly pollMs: number;
  /** Whether click, page view and custom events of these environments are exported. LaunchDarkly has no switch. */
  readonly events: boolean;
  /** Where the last good snapshot is kept. */
  readonly snapshotPath: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

const STALE_AFTER_POLLS = 5;
/** A person must mend it: asking more often than this does not help. */
const REFUSED_WAIT_MS = 60_000;

export class LaunchDarklyEnablement implements ListedEnablement {
  private index: ListedEnablement = enablementIndex([]);
  private known = new Map<string, { readonly text: string; readonly exported: EnvironmentExport }>();
  private takenAtMs: number | undefined;
  private failures = 0;
  private readonly stop = new AbortController();
  private readonly polling: Promise<void>;
  private markReady: () => void = () => {};
  /** Resolves when something is known; also when it is closed before that. */
  readonly ready = new Promise<void>((resolve) => {
    this.markReady = resolve;
  });

  constructor(private readonly options: LaunchDarklyEnablementOptions) {
    this.polling = this.poll();
  }

  /** Ms since LaunchDarkly last said what holds now; undefined: never. */
  get ageMs(): number | undefined {
    return this.takenAtMs === undefined
      ? undefined
      : Math.max(0, this.options.clock.wallMs() - this.takenAtMs);
  }

  /** Polls that failed since the last good one. */
  get failedPolls(): number {
    return this.failures;
  }

  forEnvironment(project: string, environment: string): EnvironmentExport | undefined {
    return this.index.forEnvironment(project, environment);
  }

  list(): readonly ListedEnvironment[] {
    return this.index.list();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.polling;
    this.markReady();
  }

  private async poll(): Promise<void> {
    const { signal } = this.stop;
    const { clock, log, snapshotPath, pollMs } = this.options;
    const kept = await readSnapshot(snapshotPath);
    if (kept) {
      this.take(kept);
      log.info(
        { ageSeconds: Math.round((this.ageMs ?? 0) / 1000) },
        "enablement from the last snapshot of LaunchDarkly",
      );
    }
    while (!signal.aborted) {
      const wait = await this.once(signal);
      await sleep(clock, wait ?? pollMs, signal);
    }
  }

  /** Undefined: it worked. Otherwise the ms to wait. */
  private async once(signal: AbortSignal): Promise<number | undefined> {
    const { api, scope, clock, log, random, snapshotPath, pollMs } = this.options;
    try {
      const environments = await readSwitches(api, scope, signal);
      const snapshot = { takenAtMs: clock.wallMs(), environments };
      if (this.failures > 0) log.info({ failures: this.failures }, "LaunchDarkly answers again");
      this.failures = 0;
      this.take(snapshot);
      await writeSnapshot(snapshotPath, snapshot);
      return undefined;
    } catch (error) {
      if (signal.aborted) return 0;
      this.failures += 1;
      const ageSeconds = this.ageMs === undefined ? "none was taken yet" : Math.round(this.ageMs / 1000);
      const isOld = this.ageMs === undefined || this.ageMs > STALE_AFTER_POLLS * pollMs;
      log[isOld ? "error" : "warn"](
        { err: error, ageSeconds, failures: this.failures },
        "the enablement cannot be read from LaunchDarkly; the last snapshot goes on holding",
      );
      if (error instanceof LaunchDarklyRefused) return REFUSED_WAIT_MS;
      if (error instanceof LaunchDarklyUnavailable && error.retryAfterMs !== undefined)
        return error.retryAfterMs;
      return Math.max(1_000, fullJitterMs(this.failures, random));
    }
  }

  /** Environments that did not change keep their object, so that nothing is rebuilt for them. */
  private take({ takenAtMs, environments }: Snapshot): void {
    const known = new Map<string, { readonly text: string; readonly exported: EnvironmentExport }>();
    for (const one of environments) {
      const text = one.flags.join("\n");
      const before = this.known.get(one.environment);
      known.set(one.environment, before?.text === text ? before : { text, exported: this.exportOf(one) });
    }
    const isOther =
      known.size !== this.known.size || [...known].some(([id, one]) => this.known.get(id) !== one);
    this.takenAtMs = takenAtMs;
    this.known = known;
    if (isOther) {
      this.index = enablementIndex(
        [...known].map(([environment, { exported }]) => ({ project: undefined, environment, exported })),
      );
      const flags = environments.reduce((sum, one) => sum + one.flags.length, 0);
      this.options.log.info(
        { environments: environments.length, flags },
        "enablement taken from LaunchDarkly",
      );
    }
    this.markReady();
  }

  private exportOf({ flags }: EnvironmentSwitches): EnvironmentExport {
    return { allFlags: false, events: this.options.events, flags: new Set(flags) };
  }
}
