// One pipeline of the process over its reloads: the generation that takes in, and those before it that still drain.
//
//   running one --(replace: the new one is made)--> running the new one, the old one drains --(it is empty)--> running one
//
// A definition that cannot be made changes nothing. The source goes on where its settings are the same: then nothing is
// given back, and what an old generation cannot deliver in `drainMs` moves to the newest. With another source the old
// one is stopped as at a shutdown.

import type { Logger } from "../../engine/contracts.ts";
import type { Metrics } from "../../engine/metrics.ts";
import type { RunResult } from "../../engine/run.ts";
import type { Job } from "../job.ts";
import type { AttachedPipeline } from "../live-settings.ts";
import { KeptParts, settingsOf } from "./kept-parts.ts";

export interface Generation extends AttachedPipeline {
  readonly job: Job;
}

export type StartGeneration = (attached: AttachedPipeline, parts: KeptParts) => Promise<Job>;

/** More than these are cut short: their records move to the newest. */
const MOST_DRAINING = 3;

export class Generations {
  readonly done: Promise<RunResult>;
  private resolveDone: (result: RunResult) => void = () => {};
  private readonly draining = new Set<Generation>();
  private gaveBack = 0;
  private stopping = false;
  /** Of the newest: with it ends the pipeline. */
  private result: RunResult | undefined;

  private constructor(
    private newest: Generation,
    private readonly parts: KeptParts,
    private readonly start: StartGeneration,
    private readonly log: Logger,
  ) {
    this.done = new Promise((resolve) => {
      this.resolveDone = resolve;
    });
    this.watch(newest);
  }

  static async begin(first: AttachedPipeline, start: StartGeneration, log: Logger): Promise<Generations> {
    const parts = new KeptParts();
    const job = await start(first, parts);
    return new Generations({ ...first, job }, parts, start, log);
  }

  /** Over all generations. */
  get metrics(): Metrics {
    return this.parts.metrics;
  }

  get current(): Generation {
    return this.newest;
  }

  /** The oldest first. */
  get all(): readonly Generation[] {
    return [...this.draining, this.newest];
  }

  /** Resolves when the new one takes in. Rejects when it cannot be made; then nothing changed. */
  async replace(next: AttachedPipeline): Promise<void> {
    const job = await this.start(next, this.parts);
    const generation = { ...next, job };
    // Its source is fed from the next turn of the event loop on.
    await new Promise(setImmediate);
    const old = this.newest;
    if (this.result || this.stopping) {
      this.draining.add(generation);
      this.watch(generation);
      job.run.stop();
      await job.run.done;
      throw new Error("the pipeline has ended");
    }
    this.newest = generation;
    this.draining.add(old);
    this.watch(generation);
    if (sourceOf(old) === sourceOf(generation)) old.job.run.handOver(job.run);
    else old.job.run.stop();
    for (const late of [...this.draining].slice(0, -MOST_DRAINING)) late.job.run.abort();
  }

  stop(): void {
    this.stopping = true;
    for (const { job } of this.all) job.run.stop();
  }

  /** Of all generations together, where they are of one lane or of the whole. */
  publishGauges(): void {
    const { metrics } = this;
    const sums = new Map<string, { labels: Record<string, string>; waiting: number; writing: number }>();
    let records = 0;
    let bytes = 0;
    for (const { job } of this.all) {
      job.publishGauges();
      records += job.run.inFlight.records;
      bytes += job.run.inFlight.bytes;
      for (const { sink, name, waiting, writing } of job.run.lanes()) {
        const key = `${sink}\n${name}`;
        const sum = sums.get(key) ?? { labels: { sink, destination: name }, waiting: 0, writing: 0 };
        sums.set(key, sum);
        sum.waiting += waiting;
        sum.writing += writing;
      }
    }
    metrics.set("records_in_flight", records);
    metrics.set("bytes_in_flight", bytes);
    for (const { labels, waiting, writing } of sums.values()) {
      metrics.set("sink_waiting_events", waiting, labels);
      metrics.set("sink_writes_in_flight", writing, labels);
    }
  }

  private watch(generation: Generation): void {
    void generation.job.run.done.then((result) => this.ended(generation, result));
  }

  private ended(generation: Generation, result: RunResult): void {
    this.gaveBack += result.gaveBack;
    if (this.draining.delete(generation)) this.drained(generation, result);
    else this.result = result;
    if (!this.result || this.draining.size > 0) return;
    const { gaveBack } = this;
    this.resolveDone({ ...this.result, gaveBack });
  }

  private drained(generation: Generation, { state, gaveBack, error: err }: RunResult): void {
    void generation.release();
    const fields = { pipeline: generation.own.name, version: versionOf(generation), gaveBack };
    if (state === "failed") this.log.error({ ...fields, err }, "the definition before the reload failed");
    else this.log.info(fields, "the definition before the reload has drained");
    // A lane that only it had is gone.
    for (const { sink, name } of generation.job.run.lanes())
      for (const gauge of ["sink_waiting_events", "sink_writes_in_flight", "sink_lane_state"])
        this.metrics.set(gauge, 0, { sink, destination: name });
    this.publishGauges();
  }
}

export function versionOf({ own }: AttachedPipeline): string {
  return own.hash.slice(0, 12);
}

function sourceOf({ live }: AttachedPipeline): string {
  return settingsOf(live.source, live.baseDir);
}
