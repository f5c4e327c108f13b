// The pipelines of a process, from their start to their end.
//
//   running --(asked to stop, or it ended by itself)--> draining --> ended, still shown
//      `----(its file is gone)--> leaving: drains --> forgotten
//
// The set is over when all in it have ended. While a folder is followed an empty set is not over: files may come.

import type { ConsolePipeline } from "../../console/console-world.ts";
import type { Logger } from "../../engine/contracts.ts";
import type { Guard } from "../../engine/crash-loop.ts";
import type { RunResult } from "../../engine/run.ts";
import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import type { Job } from "../job.ts";
import { countsOf } from "./books.ts";
import type { Reloadable } from "./reloader.ts";

export interface RunningPipeline extends Reloadable {
  readonly guard: Guard | undefined;
  readonly watched: WatchedPipeline;
  shown: ConsolePipeline;
}

export interface SetWorld {
  readonly log: Logger;
  /** Whether pipelines may still come. */
  readonly isOpen: boolean;
  /** It left, and nothing of it is shown any more. */
  readonly forgotten: (pipeline: RunningPipeline) => void;
}

export class RunningSet {
  /** All that are shown: ended ones too, leaving ones until they have drained. */
  readonly all: RunningPipeline[] = [];
  /** Resolves when it is over. */
  readonly over: Promise<readonly RunResult[]>;
  private resolveOver: (results: readonly RunResult[]) => void = () => {};
  private readonly results: RunResult[] = [];
  private readonly leaving = new Set<RunningPipeline>();
  private readonly outcomes = new Map<RunningPipeline, Promise<void>>();
  private readonly running = new Set<RunningPipeline>();
  private isStopping = false;

  constructor(private readonly world: SetWorld) {
    this.over = new Promise((resolve) => {
      this.resolveOver = resolve;
    });
  }

  get watched(): WatchedPipeline[] {
    return this.all.map(({ watched }) => watched);
  }

  get shown(): ConsolePipeline[] {
    return this.all.map(({ shown }) => shown);
  }

  /** Those that are not on their way out. */
  get members(): RunningPipeline[] {
    return this.all.filter((one) => !this.leaving.has(one));
  }

  *jobs(): Iterable<Job> {
    for (const { generations } of this.all) for (const { job } of generations.all) yield job;
  }

  add(...pipelines: readonly RunningPipeline[]): void {
    for (const pipeline of pipelines) {
      this.all.push(pipeline);
      this.running.add(pipeline);
    }
    for (const pipeline of pipelines) this.outcomes.set(pipeline, this.outcome(pipeline));
  }

  /** Resolves when nothing with this name is on its way out any more. */
  async gone(name: string): Promise<void> {
    for (const one of [...this.leaving]) if (one.watched.name === name) await this.outcomes.get(one);
  }

  leave(pipeline: RunningPipeline): void {
    this.leaving.add(pipeline);
    pipeline.generations.stop();
    if (!this.running.has(pipeline)) this.forget(pipeline);
  }

  stop(): void {
    this.isStopping = true;
    for (const { generations } of this.all) generations.stop();
    this.look();
  }

  private async outcome(pipeline: RunningPipeline): Promise<void> {
    const { generations, guard, watched } = pipeline;
    const { log } = this.world;
    const result = await generations.done;
    await guard
      ?.close()
      .catch((err: unknown) => log.warn({ err }, "the crash-loop guard could not be closed"));
    const { state, gaveBack, error: err } = result;
    const counts = countsOf(generations.metrics);
    const fields = { pipeline: watched.name, gaveBack, counts, ...(err ? { err } : {}) };
    log[state === "failed" ? "error" : "info"](fields, state);
    this.results.push(result);
    this.running.delete(pipeline);
    // One pipeline that fails does not go unnoticed behind others that run on.
    if (state === "failed") this.stop();
    if (this.leaving.has(pipeline)) this.forget(pipeline);
    this.look();
  }

  private forget(pipeline: RunningPipeline): void {
    this.all.splice(this.all.indexOf(pipeline), 1);
    this.leaving.delete(pipeline);
    this.outcomes.delete(pipeline);
    this.world.forgotten(pipeline);
  }

  private look(): void {
    if (this.running.size > 0) return;
    if (this.isStopping || this.all.length > 0 || !this.world.isOpen) this.resolveOver(this.results);
  }
}
