// The job of one redrive: a pipeline with its source replaced by letters. The command line and the console start it.

import type { LoadedPipeline } from "../../config/load.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger, Sink } from "../../engine/contracts.ts";
import type { DeadLetter } from "../../engine/dead-letters.ts";
import { dryRun } from "../backfill/dry-run.ts";
import { inSegments } from "../dead-letter-files.ts";
import { type Job, startJob } from "../job.ts";
import type { DamageReport } from "./damage-report.ts";
import type { LetterFilter } from "./filter.ts";
import type { Segment } from "./find-segments.ts";
import { LetterSource } from "./letter-source.ts";
import { MarkQueue } from "./mark-queue.ts";
import { missedOnly, noteNewLetters, outcomes } from "./missed-only.ts";
import { readLetters } from "./read-letters.ts";
import { redrivenKeys, writeMarks } from "./redriven.ts";
import type { LeftReason, Tally } from "./tally.ts";

/** Fewer than a live run has: this much may be sent twice after a crash. */
const MOST_IN_FLIGHT = { records: 2_000, bytes: 8 * 1024 * 1024 };

export interface RedriveParts {
  /** Its source is not run. */
  readonly pipeline: LoadedPipeline;
  readonly segments: readonly Segment[];
  readonly filter: LetterFilter;
  readonly tally: Tally;
  readonly log: Logger;
  readonly report: DamageReport;
  readonly isDry: boolean;
  /** Whether letters of code `crash-loop` are redriven. */
  readonly crashLoops: boolean;
  readonly passed?: (bytes: number) => void;
  /** Puts something around the sink. */
  readonly wrapSink?: (sink: Sink) => Sink;
}

export async function startRedrive(parts: RedriveParts): Promise<Job> {
  const { pipeline, segments, filter, tally, log, report, isDry, crashLoops, passed } = parts;
  const redriven = await redrivenKeys(segments, (place) => report.damaged(place, "not a mark"));
  const letters = readLetters({
    segments,
    filter,
    redriven,
    damaged: report.damaged,
    ...(passed === undefined ? {} : { passed }),
  });
  const write = (marks: Parameters<typeof writeMarks>[0]) =>
    writeMarks(marks, new Date(systemClock.wallMs()));
  const source = new LetterSource({
    letters,
    tally,
    marks: isDry ? undefined : new MarkQueue(write),
    crashLoops,
    unreachable: (letter) => unreachable(pipeline, letter),
  });
  const besideLive = { ...pipeline, deadLetters: inSegments(pipeline.deadLetters) };
  return startJob(besideLive, {
    log,
    observer: outcomes,
    only: missedOnly,
    inFlight: {
      records: Math.min(MOST_IN_FLIGHT.records, pipeline.inFlight.records),
      bytes: Math.min(MOST_IN_FLIGHT.bytes, pipeline.inFlight.bytes),
    },
    wrapSource: () => source,
    wrapSink: (made) => (isDry ? dryRun(made) : (parts.wrapSink?.(made) ?? made)),
    wrapDeadLetters: (made) => noteNewLetters(isDry ? dryRun(made) : made),
  });
}

type Missed = Pick<DeadLetter, "destination" | "sink">;

/** Destinations are looked at only where lanes are destinations; a file takes what it is given. */
function unreachable({ sinks, destinations }: LoadedPipeline, missed: Missed): LeftReason | undefined {
  const { destination: id, sink: name } = missed;
  const missing = name === undefined ? sinks : sinks.filter((sink) => sink.name === name);
  if (missing.length === 0) return "sink-gone";
  const sendsToDestinations = missing.some(({ definition }) => definition.accepts === "segment-event");
  if (id === undefined || !sendsToDestinations) return undefined;
  const destination = destinations.get(id);
  if (!destination) return "destination-gone";
  return destination.on ? undefined : "destination-off";
}
