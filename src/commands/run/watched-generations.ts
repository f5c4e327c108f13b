// What metrics and health see of a pipeline, whichever of its definitions is the newest.

import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import type { Generations } from "./generations.ts";

/** `isLeaving`: its file is gone; it does what it should, and the process is ready all the same. */
export function watchedGenerations(generations: Generations, isLeaving: () => boolean): WatchedPipeline {
  return {
    name: generations.current.own.name,
    metrics: generations.metrics,
    state: () => generations.current.job.run.state,
    stopping: () => !isLeaving() && generations.current.job.run.stopping(),
    lanes: () => generations.all.flatMap(({ job }) => job.run.lanes()),
    publishGauges: () => generations.publishGauges(),
    probeDeadLetters: (signal) => generations.current.job.probeDeadLetters(signal),
  };
}
