// The crash-loop breaker: a message that kills the process must not kill it for ever.
//
// What kills a process cannot be caught, so the evidence has to outlive it. One life leaves for the next:
//   - that it began; a clean end takes this back. Still there at the next start: an unclean start.
//   - the one value that it was working on, if any.
//   - the suspects: ids of the values on which lives ended, with how many.
//
//   life 1  nothing is watched, the process dies
//   life 2  unclean start: watches for `watchMs`. Each value goes through transforms and encoding alone, named before
//           and taken back after. The process dies: the value is named.
//   life 3  the named value is a suspect (1 death). It comes again, the process dies: 2 deaths.
//   life 4  the value comes again and is dead-lettered undecoded, code `crash-loop`.
//
// A suspect that passes is none any more. What merely waits, for a destination that is down or a schema, is not being
// worked on: however often such a process is killed, its messages are not suspected.
//
// After a clean start nothing is watched: the hot path pays one comparison per chunk. While watching, each value costs
// two small writes (some 7 µs), which need no fsync: they must survive the process, not the machine.

import type { Clock } from "./clock.ts";
import type { Logger } from "./contracts.ts";
import { DataError } from "./errors.ts";

/** What the guard asks of the disk. Calls return when what was written survives the death of the process. */
export interface CrashStore {
  /** The value that is being worked on; undefined: none. Called twice per value: must be quick. */
  workingOn(id: string | undefined): void;
  saveSuspects(deaths: ReadonlyMap<string, number>): void;
  /** A clean end: the next life finds nothing. */
  end(): Promise<void>;
}

/** What a life that did not end cleanly left behind. */
export interface LastLife {
  readonly workingOn: string | undefined;
  readonly deaths: ReadonlyMap<string, number>;
}

/** This many lives that ended on a value make it a dead letter. */
const MOST_DEATHS = 2;
/** Longer than any lease: whatever was in hand when a life ended has come again by then. */
const WATCH_MS = 15 * 60_000;
const MAX_SUSPECTS = 100;
const NEVER = Number.NEGATIVE_INFINITY;

/** What a run asks of it. */
export type Guard = Pick<CrashGuard, "watching" | "around" | "close">;

export interface CrashGuardWorld {
  readonly clock: Clock;
  readonly log: Logger;
  readonly watchMs?: number;
}

export class CrashGuard {
  private readonly deaths: Map<string, number>;
  private readonly watchUntilMs: number;
  private ended = false;

  /** `last`: undefined after a clean end. */
  constructor(
    last: LastLife | undefined,
    private readonly store: CrashStore,
    private readonly world: CrashGuardWorld,
  ) {
    const { clock, log, watchMs = WATCH_MS } = world;
    this.deaths = new Map(last?.deaths);
    this.watchUntilMs = last ? clock.nowMs() + watchMs : NEVER;
    if (!last) return;
    const id = last.workingOn;
    if (id !== undefined) this.blame(id);
    log.warn(
      { ...(id === undefined ? {} : { id, deaths: this.deaths.get(id) }) },
      "the last process ended without a stop; values are handled one by one for a while, to find one that kills it",
    );
  }

  /** Asked once per chunk. */
  get watching(): boolean {
    return this.watchUntilMs !== NEVER && this.world.clock.nowMs() < this.watchUntilMs;
  }

  /** Works on one value. Returns the reason when it must not be touched, and then it was not. */
  around(id: string, work: () => void): DataError | undefined {
    const deaths = this.deaths.get(id) ?? 0;
    if (deaths >= MOST_DEATHS) {
      this.world.log.error({ id, deaths }, "the process died on this value; it is dead-lettered undecoded");
      return new DataError(
        "crash-loop",
        `the process died ${deaths} times while it worked on this value, so it is not touched again; look at it with care`,
      );
    }
    this.store.workingOn(id);
    work();
    this.store.workingOn(undefined);
    if (deaths > 0) {
      this.deaths.delete(id);
      this.store.saveSuspects(this.deaths);
    }
    return undefined;
  }

  /** The run ended, in whatever state: the process did not die. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.store.end();
  }

  private blame(id: string): void {
    const deaths = (this.deaths.get(id) ?? 0) + 1;
    this.deaths.delete(id);
    this.deaths.set(id, deaths);
    for (const oldest of this.deaths.keys()) {
      if (this.deaths.size <= MAX_SUSPECTS) break;
      this.deaths.delete(oldest);
    }
    this.store.saveSuspects(this.deaths);
  }
}
