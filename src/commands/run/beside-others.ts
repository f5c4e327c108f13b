// Which pipelines can run in several processes at once, and what is different then.

import type { LoadedPipeline } from "../../config/load.ts";
import { isMap } from "../../config/stages.ts";
import { inSegments } from "../dead-letter-files.ts";

/** Dead letters go to segments, whose names never meet: one file has one writer. */
export function besideOthers(pipeline: LoadedPipeline): LoadedPipeline {
  return { ...pipeline, deadLetters: inSegments(pipeline.deadLetters) };
}

/** Why it must run in one process; undefined: it need not. */
export function whyAlone({ name, source, sinks, deadLetters }: LoadedPipeline): string | undefined {
  if (source.definition.type !== "pubsub")
    return `${name} reads from ${source.definition.type}, which each worker would read in full: only a subscription is shared out among processes. For files there is sluice backfill`;
  for (const { definition, config } of [...sinks, deadLetters]) {
    if (definition.type === "stdout")
      return `${name} writes to stdout, where the lines of several workers would tear each other: write to a file`;
    if (definition.type === "file" && isMap(config) && config["mode"] === "overwrite")
      return `${name} overwrites a file, which each worker that starts would empty again: use mode append, or a folder`;
  }
  return undefined;
}
