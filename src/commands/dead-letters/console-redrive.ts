// A redrive beside the running pipeline, in its process, begun from the console.
//
//   running --(all read and settled)--> done
//      |------(a fault)---------------> failed
//      `------(stopped)---------------> done; what was not sent waits
//
// The rate of a destination is one for both: each event of a redrive is a request of its own that asks the running
// pipeline for its share first. So it is slow and never in the way; the command line is for very many letters.

import type { LoadedPipeline } from "../../config/load.ts";
import type { RedriveChoice, RedriveView } from "../../console/letter-box.ts";
import type { Logger, Sink } from "../../engine/contracts.ts";
import { toError } from "../../engine/errors.ts";
import type { Metrics } from "../../engine/metrics.ts";
import type { Run } from "../../engine/run.ts";
import { otherDestination } from "../../engine/router.ts";
import memory from "../../sources/memory.ts";
import type { Job } from "../job.ts";
import { DamageReport } from "./damage-report.ts";
import { letterFilter } from "./filter.ts";
import type { Segment } from "./find-segments.ts";
import { startRedrive } from "./redrive-job.ts";
import { Tally } from "./tally.ts";

export interface ConsoleRedriveParts {
  readonly pipeline: LoadedPipeline;
  readonly run: Run;
  readonly log: Logger;
  readonly segments: readonly Segment[];
  readonly choice: RedriveChoice;
  /** Lets others redrive. */
  readonly unlock: () => Promise<void>;
  readonly now: () => Date;
}

export class ConsoleRedrive {
  private readonly tally = new Tally();
  private state: RedriveView["state"] = "running";
  private error: string | undefined;
  private endedAt: string | undefined;
  private job: Job | undefined;
  private isStopping = false;
  private readonly startedAt: string;
  readonly done: Promise<void>;

  constructor(private readonly parts: ConsoleRedriveParts) {
    this.startedAt = parts.now().toISOString();
    this.done = this.go();
  }

  view(): RedriveView {
    const { tally, state, startedAt, endedAt, error } = this;
    const { choice } = this.parts;
    const metrics = this.job?.metrics;
    return {
      choice,
      state,
      startedAt,
      ...(endedAt === undefined ? {} : { endedAt }),
      read: tally.read,
      redriven: tally.redriven,
      delivered: metrics?.total("sink_events_delivered_total") ?? 0,
      dropped: droppedIn(metrics),
      failedAgain: metrics?.total("dead_letters_total") ?? 0,
      left: Object.fromEntries(tally.left),
      ...(error === undefined ? {} : { error }),
    };
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.job?.run.stop();
    await this.done;
  }

  private async go(): Promise<void> {
    const { log, now, unlock, pipeline } = this.parts;
    try {
      this.job = await this.start();
      if (this.isStopping) this.job.run.stop();
      const { error } = await this.job.run.done;
      if (error) throw error;
      this.state = "done";
    } catch (thrown) {
      this.state = "failed";
      this.error = toError(thrown).message;
      log.error({ err: thrown, pipeline: pipeline.name }, "a redrive failed");
    } finally {
      this.endedAt = now().toISOString();
      await unlock();
    }
    const { redriven, leftTotal: left } = this.tally;
    log.info({ pipeline: pipeline.name, ...this.parts.choice, redriven, left, by: "api" }, "redrive ended");
  }

  private start(): Promise<Job> {
    const { pipeline, segments, choice, log, run } = this.parts;
    const { code, stage, destination, id, dryRun: isDry } = choice;
    const list = (one: string | undefined) => (one === undefined ? undefined : [one]);
    return startRedrive({
      pipeline: { ...pipeline, source: { definition: memory, config: { values: [] } } },
      segments,
      filter: letterFilter({
        code: list(code),
        stage: list(stage),
        destination: list(destination),
        id: list(id),
        pipelineName: [pipeline.name],
      }),
      tally: this.tally,
      log,
      report: new DamageReport(log),
      isDry,
      crashLoops: code === "crash-loop",
      wrapSink: (sink) => sharing(sink, run),
    });
  }
}

/** One event a write, each with its share of the running pipeline's rate. */
function sharing(sink: Sink, run: Run): Sink {
  return {
    limits: { ...sink.limits, count: 1 },
    laneOf: (value) => sink.laneOf(value),
    laneSettings: (lane) => ({ ...sink.laneSettings(lane), concurrency: 1 }),
    encode: (value) => sink.encode(value),
    async write(batch, signal) {
      const bytes = batch.items.reduce((sum, item) => sum + item.bytes, sink.limits.envelopeBytes);
      await run.reserve(batch.lane, bytes, signal);
      return sink.write(batch, signal);
    },
    probe: (lane, signal) => sink.probe(lane, signal),
    close: () => sink.close(),
  };
}

function droppedIn(metrics: Metrics | undefined): number {
  return (metrics?.samples("dropped_total") ?? [])
    .filter(({ labels }) => labels["reason"] !== otherDestination.reason)
    .reduce((sum, { value }) => sum + value, 0);
}
