// What a running process knows of itself, for whoever asks: snapshots of its pipelines with an hour behind them, the last
// events, where an event went, and taps. It watches; nothing in the process waits for it.
//
//   begun (`start`: ticks once a second) -> closed (all taps and streams are told)

import type { LoadedPipeline } from "../config/load.ts";
import type { Clock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import type { Counter } from "./counts.ts";
import { LivePipeline } from "./live-pipeline.ts";
import { RecentEvents } from "./recent-events.ts";
import type { ReloadState, Snapshot } from "./shapes/snapshot.ts";
import type { Trace } from "./shapes/trace.ts";
import { BadTap, type Deliver, Tap, type TapOptions } from "./tap.ts";
import { TraceIndex } from "./trace-index.ts";
import { TraceLog } from "./trace-log.ts";
import { type LettersFound, trace } from "./trace-search.ts";
import type { WatchedJob, WatchedRun } from "./watched-run.ts";

const TICK_MS = 1_000;
/** Each looks at values of the hot path. */
const MOST_TAPS = 8;

export interface ProcessFacts {
  readonly pid: number;
  /** run, demo, backfill, or worker and its number. */
  readonly command: string;
  readonly version: string;
  readonly folder: string;
  readonly rssBytes: () => number;
}

export interface LiveProcessWorld {
  readonly clock: Clock;
  readonly log: Logger;
  readonly facts: ProcessFacts;
  /** Whether runs are watched: traces, recent events, taps, values by arrow. */
  readonly traces: boolean;
}

export interface Watch {
  /** Undefined: it is only looked at from outside, and may take its fastest way. */
  readonly observer: WatchedRun | undefined;
  /** From now on the run is seen. */
  began(job: WatchedJob): void;
}

export class TooMany extends Error {
  override readonly name = "TooMany";
}

export class LiveProcess {
  readonly recent = new RecentEvents();
  private readonly byName = new Map<string, LivePipeline>();
  private readonly log: TraceLog | undefined;
  private readonly startedAtMs: number;
  private readonly listeners = new Set<() => void>();
  private readonly taps = new Map<Tap, () => void>();
  private streams = 0;
  private cancelTick: () => void = () => {};

  constructor(private readonly world: LiveProcessWorld) {
    this.startedAtMs = world.clock.wallMs();
    this.log = world.traces ? new TraceLog() : undefined;
  }

  start(): void {
    this.cancelTick = this.world.clock.after(TICK_MS, () => {
      for (const pipeline of this.byName.values()) pipeline.tick();
      this.log?.forget(this.world.clock.wallMs());
      for (const told of this.listeners) told();
      this.start();
    });
  }

  /** Ends taps; streams end with their server. */
  close(): void {
    this.cancelTick();
    for (const end of [...this.taps.values()]) end();
    this.listeners.clear();
  }

  /** For one run of one definition; a reload watches anew, under the same name. */
  watch(definition: LoadedPipeline): Watch {
    const pipeline = this.byName.get(definition.name) ?? this.add(definition.name);
    const watched = pipeline.watch(definition);
    return {
      observer: this.world.traces ? watched : undefined,
      began: (job) => pipeline.began(watched, job),
    };
  }

  pipelines(): LivePipeline[] {
    return [...this.byName.values()].filter(({ newest }) => newest !== undefined);
  }

  pipeline(name: string): LivePipeline | undefined {
    const pipeline = this.byName.get(name);
    return pipeline?.newest ? pipeline : undefined;
  }

  /** A change of its files was taken up, or refused. */
  reloaded(name: string, reload: ReloadState): void {
    const pipeline = this.byName.get(name);
    if (pipeline) pipeline.lastReload = reload;
  }

  /** It ended and left: nothing of it is shown any more; what became of its events still is. */
  forget(name: string): void {
    this.byName.delete(name);
  }

  /** As of the last tick. */
  snapshot(): Snapshot {
    const { pid, command, version, folder, rssBytes } = this.world.facts;
    return {
      at: new Date(this.world.clock.wallMs()).toISOString(),
      process: {
        pid,
        command,
        version,
        startedAt: new Date(this.startedAtMs).toISOString(),
        folder,
        rssBytes: rssBytes(),
        watchers: { streams: this.streams, taps: this.taps.size },
      },
      pipelines: this.pipelines().flatMap((pipeline) => pipeline.view() ?? []),
    };
  }

  /** How many events came by, of one pipeline or all. */
  seen(name?: string): { delivered: number; dropped: number; deadLettered: number } {
    const asked = this.pipelines().filter((one) => name === undefined || one.name === name);
    const sum = (counter: Counter) => asked.reduce((all, { counts }) => all + counts.total(counter), 0);
    return {
      delivered: sum("sink_events_delivered_total"),
      dropped: sum("dropped_total"),
      deadLettered: sum("dead_letters_total"),
    };
  }

  /** Calls `told` after each tick, until the returned function is called. */
  follow(told: () => void): () => void {
    this.listeners.add(told);
    this.streams += 1;
    return () => {
      if (this.listeners.delete(told)) this.streams -= 1;
    };
  }

  /** `stage`: undefined is the last before the sinks. `onEnd`: it sends no more. Throws BadTap, TooMany. */
  tap(asked: Omit<TapOptions, "stage"> & { readonly stage?: string | undefined }, to: TapReader): Tap {
    const pipeline = this.pipeline(asked.pipeline);
    const layout = pipeline?.newest?.layout;
    if (!pipeline || !layout) throw new BadTap(`There is no pipeline ${asked.pipeline} here.`, "pipeline");
    if (!this.log) throw new BadTap("A backfill has no taps: its stages may run as one.", "pipeline");
    const arrow =
      asked.stage === undefined
        ? layout.arrows.at(-1)
        : layout.arrows.find(({ from }) => from === asked.stage);
    if (!arrow) {
      const names = layout.arrows.map(({ from }) => from).join(", ");
      throw new BadTap(`No values leave a stage ${asked.stage}; there is ${names}.`, "stage");
    }
    const { clock, log } = this.world;
    asked.where?.compile(asked.where.text, arrow.shape, { clock, log });
    if (this.taps.size >= MOST_TAPS)
      throw new TooMany(`${MOST_TAPS} taps are open; close one of them first.`);
    const tap = new Tap({ ...asked, stage: arrow.from }, { clock, log }, to.deliver, () => end());
    const end = () => {
      this.endTap(pipeline, tap);
      to.ended();
    };
    pipeline.taps.add(tap);
    this.taps.set(tap, end);
    return tap;
  }

  /** Its reader is gone. Safe to call again. */
  untap(tap: Tap): void {
    const pipeline = this.byName.get(tap.options.pipeline);
    if (pipeline) this.endTap(pipeline, tap);
  }

  trace(id: string, letters: (id: string) => Promise<LettersFound>): Promise<Trace> {
    const { log, startedAtMs } = this;
    return trace(id, { log, startedAtMs, pipelines: [...this.byName.values()], letters });
  }

  private endTap(pipeline: LivePipeline, tap: Tap): void {
    pipeline.taps.delete(tap);
    this.taps.delete(tap);
  }

  private add(name: string): LivePipeline {
    const { clock } = this.world;
    const number = this.byName.size;
    const index = this.log && new TraceIndex(this.log, number, () => clock.wallMs());
    const pipeline = new LivePipeline(name, { clock, recent: this.recent, trace: index });
    this.byName.set(name, pipeline);
    return pipeline;
  }
}

export interface TapReader {
  readonly deliver: Deliver;
  /** It has sent all it was asked for, or the process ends. */
  readonly ended: () => void;
}
