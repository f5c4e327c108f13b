// One pipeline of the process by its name, whatever definition of it runs: during a reload two runs of it overlap.
// Counts go on over a reload; stages, arrows and limits are the newest definition's.

import type { LoadedPipeline } from "../config/load.ts";
import type { Clock } from "../engine/clock.ts";
import type { Sample } from "../engine/metrics.ts";
import { Counts } from "./counts.ts";
import { PipelineHistory } from "./history.ts";
import { laneSnapshots } from "./lane-snapshots.ts";
import { Rates } from "./rates.ts";
import type { RecentEvents } from "./recent-events.ts";
import type { ArrowSnapshot, PipelineSnapshot, ReloadState } from "./shapes/snapshot.ts";
import type { Tap } from "./tap.ts";
import type { TraceIndex } from "./trace-index.ts";
import { type WatchedJob, WatchedRun } from "./watched-run.ts";

export interface LiveWorld {
  readonly clock: Clock;
  readonly recent: RecentEvents;
  /** Undefined: nothing is traced. */
  readonly trace: TraceIndex | undefined;
}

export class LivePipeline {
  readonly counts = new Counts();
  readonly history: PipelineHistory;
  readonly taps = new Set<Tap>();
  lastReload: ReloadState | undefined;
  /** Oldest definition first. The last one stays when it ended: its end is shown. */
  private runs: WatchedRun[] = [];
  private readonly rates = new Rates();
  private tickedAtMs: number | undefined;
  private snapshot: PipelineSnapshot | undefined;

  constructor(
    readonly name: string,
    private readonly world: LiveWorld,
  ) {
    this.history = new PipelineHistory(name);
  }

  get trace(): TraceIndex | undefined {
    return this.world.trace;
  }

  get newest(): WatchedRun | undefined {
    return this.runs.at(-1);
  }

  /** The watcher to start a run of this definition with. It counts once `began` is called. */
  watch(pipeline: LoadedPipeline): WatchedRun {
    const { clock, recent, trace } = this.world;
    return new WatchedRun(pipeline, { clock, recent, trace, taps: this.taps });
  }

  began(watched: WatchedRun, job: WatchedJob): void {
    watched.job = job;
    this.counts.add(job.metrics);
    this.runs = [...this.runs.filter((one) => isActive(one)), watched];
    void job.run.done.then(() => {
      this.counts.fold(job.metrics);
      this.runs = this.runs.filter((one) => one !== watched || one === this.newest);
    });
  }

  /** Where a record in hand waits: lane and its state. Undefined: it is not in hand. */
  whereIs(id: string): { readonly name: string; readonly state: string }[] | undefined {
    for (const { job } of this.runs) {
      const lanes = job?.run.inside.whereIs(id);
      if (lanes) return lanes;
    }
    return undefined;
  }

  /** Once a second: a new snapshot, and a point of the history. */
  tick(): void {
    const { newest } = this;
    if (!newest?.job) return;
    const now = this.world.clock.nowMs();
    this.rates.tick(this.tickedAtMs === undefined ? 0 : (now - this.tickedAtMs) / 1000);
    this.tickedAtMs = now;
    for (const { job } of this.runs) job?.run.publishGauges();
    const snapshot = this.take(newest, newest.job);
    this.snapshot = snapshot;
    this.history.add(this.world.clock.wallMs(), {
      received: snapshot.receivedPerSecond,
      values: snapshot.valuesPerSecond,
      delivered: snapshot.deliveredPerSecond,
      dropped: snapshot.droppedPerSecond,
      deadLettered: snapshot.deadLettersPerSecond,
      inFlight: snapshot.inFlight.records,
      lagMs: snapshot.lagMs ?? Number.NaN,
      limiterUse: Math.max(0, ...snapshot.lanes.map(({ limiterUse }) => limiterUse)),
      limiterWaitShare: Math.max(0, ...snapshot.lanes.map(({ limiterWaitShare }) => limiterWaitShare)),
    });
  }

  /** As of the last tick. Undefined: it has not begun. */
  view(): PipelineSnapshot | undefined {
    if (!this.snapshot) this.tick();
    return this.snapshot;
  }

  private take(newest: WatchedRun, { run }: WatchedJob): PipelineSnapshot {
    const { counts, rates, lastReload } = this;
    const { pipeline, layout } = newest;
    const running = this.runs.flatMap(({ job }) => (job ? [job.run] : []));
    const total = (name: Parameters<Counts["total"]>[0], as: string) => {
      const value = counts.total(name);
      return { [as]: value, [`${as}PerSecond`]: rates.of(as, value) };
    };
    const by = (name: "dropped_total" | "dead_letters_total") =>
      counts.samples(name).map(({ labels, value }) => ({
        labels,
        count: value,
        perSecond: rates.of(`${name} ${labels["stage"]} ${labels["reason"] ?? labels["code"]}`, value),
      }));
    const dropped = by("dropped_total");
    const dead = by("dead_letters_total");
    const sum = (all: readonly { readonly perSecond: number }[]) =>
      all.reduce((rate, { perSecond }) => rate + perSecond, 0);
    return {
      name: this.name,
      file: pipeline.file,
      ...(pipeline.description === undefined ? {} : { description: pipeline.description }),
      state: run.state,
      version: pipeline.hash.slice(0, 12),
      definitions: Math.max(1, this.runs.filter(isActive).length),
      startedAt: new Date(newest.startedAtMs).toISOString(),
      ...(lastReload === undefined ? {} : { lastReload }),
      stages: [...layout.stages],
      arrows: this.arrows(newest),
      ...(total("records_received_total", "received") as { received: number; receivedPerSecond: number }),
      ...(total("values_total", "values") as { values: number; valuesPerSecond: number }),
      ...(total("sink_events_delivered_total", "delivered") as {
        delivered: number;
        deliveredPerSecond: number;
      }),
      dropped: dropped.map(({ labels, ...rest }) => ({
        ...placeOf(labels),
        reason: labels["reason"]!,
        ...rest,
      })),
      droppedPerSecond: sum(dropped),
      deadLetters: dead.map(({ labels, ...rest }) => ({
        ...placeOf(labels),
        code: labels["code"]!,
        ...rest,
      })),
      deadLettersPerSecond: sum(dead),
      givenBack: counts.total("records_given_back_total"),
      testEvents: counts.total("test_events_total"),
      inFlight: {
        records: running.reduce((all, { inFlight }) => all + inFlight.records, 0),
        bytes: running.reduce((all, { inFlight }) => all + inFlight.bytes, 0),
        maxRecords: pipeline.inFlight.records,
        maxBytes: pipeline.inFlight.bytes,
      },
      ...this.oldest(),
      deliveryMs: Number.isNaN(newest.deliveryMs) ? null : newest.deliveryMs,
      lanes: laneSnapshots(running, { counts, rates, destinations: pipeline.destinations }),
    };
  }

  private arrows({ layout, job }: WatchedRun): ArrowSnapshot[] {
    // Without an observer the stages may run as one, and nothing goes along the arrows.
    if (!this.world.trace) return [];
    const counted = job!.run.inside.moved;
    return layout.arrows.map(({ from, to, shape }, i) => {
      const count = counted[i] ?? 0;
      return { from, to: [...to], shape, count, perSecond: this.rates.of(`arrow ${i} ${from}`, count) };
    });
  }

  private oldest(): Pick<PipelineSnapshot, "oldest" | "lagMs"> {
    const origins = this.runs.flatMap(({ job }) => job?.run.inside.oldest() ?? []);
    const [first] = origins.sort((a, b) => a.publishedAtMs - b.publishedAtMs);
    if (!first) return { oldest: null, lagMs: 0 };
    const { id, attempt, publishedAtMs } = first;
    if (publishedAtMs <= 0) return { oldest: { id, attempt }, lagMs: null };
    const publishedAt = new Date(publishedAtMs).toISOString();
    return {
      oldest: { id, attempt, publishedAt },
      lagMs: Math.max(0, this.world.clock.wallMs() - publishedAtMs),
    };
  }
}

function isActive({ job }: WatchedRun): boolean {
  return job !== undefined && (job.run.state === "running" || job.run.state === "draining");
}

function placeOf(labels: Sample["labels"]): { readonly stage: string } {
  return { stage: labels["stage"] ?? "" };
}
