// What metrics and health see of a pipeline, whichever of its definitions is the newest.

import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import type { Generations } from "./generations.ts";

export function watchedGenerations(generations: Generations): WatchedPipeline {
  return {
    name: generations.current.own.name,
    metrics: generations.metrics,
    state: () => generations.current.job.run.state,
    stopping: () => generations.current.job.run.stopping(),
    lanes: () => generations.all.flatMap(({ job }) => job.run.lanes()),
    publishGauges: () => generations.publishGauges(),
    probeDeadLetters: (signal) => generations.current.job.probeDeadLetters(signal),
  };
}
