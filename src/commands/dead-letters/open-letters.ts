// What `list`, `show` and `stats` begin with: files, filter and marks of a pipeline or of `--from`.

import type { LoadedPipeline } from "../../config/load.ts";
import type { DeadLetterOptions } from "../dead-letters.ts";
import { UsageError } from "../exit-code.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { DamageReport } from "./damage-report.ts";
import { type FilterOptions, letterFilter } from "./filter.ts";
import { type Segment, segmentsAt, segmentsOfPipeline } from "./find-segments.ts";
import { type FoundLetter, readLetters } from "./read-letters.ts";
import { redrivenKeys } from "./redriven.ts";

export interface OpenLetters {
  readonly letters: AsyncGenerator<FoundLetter>;
  readonly report: DamageReport;
  readonly segments: readonly Segment[];
}

/** Undefined: the pipeline file has problems, and they were printed. Throws UsageError. */
export async function openLetters(options: DeadLetterOptions): Promise<OpenLetters | undefined> {
  const pipeline = options.pipeline === undefined ? undefined : await loadToLook(options.pipeline);
  if (options.pipeline !== undefined && !pipeline) return undefined;
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers: [] });
  const report = new DamageReport(log);
  const segments = await findSegments(options.from, pipeline);
  const redriven = await redrivenKeys(segments, (place) => report.damaged(place, "not a mark"));
  const filter = letterFilter(ofPipeline(options, pipeline));
  const letters = readLetters({ segments, filter, redriven, damaged: report.damaged });
  return { letters, report, segments };
}

export async function findSegments(
  from: readonly string[] | undefined,
  pipeline: LoadedPipeline | undefined,
): Promise<Segment[]> {
  if (from && from.length > 0) return segmentsAt(from);
  if (pipeline) return segmentsOfPipeline(pipeline);
  throw new UsageError("Say whose dead letters: a pipeline file, or --from with a file or folder.");
}

/** A folder may hold the letters of several pipelines. */
export function ofPipeline(options: FilterOptions, pipeline: LoadedPipeline | undefined): FilterOptions {
  const isNamed = options.pipelineName !== undefined && options.pipelineName.length > 0;
  return isNamed || !pipeline ? options : { ...options, pipelineName: [pipeline.name] };
}

/** Only the place of the letters is of interest, so nothing that a run needs has to be there. */
async function loadToLook(file: string): Promise<LoadedPipeline | undefined> {
  const loaded = await loadOrExplain([file], {
    replaceSource: { option: "dead-letters", value: { type: "memory", values: [] } },
    replaceSink: { option: "dead-letters", value: { type: "stdout" } },
  });
  return loaded?.[0];
}
