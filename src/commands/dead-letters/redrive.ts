// One redrive: the pipeline of a YAML file with its source replaced by its own dead letters.
//
// At most `records in flight + marks not written` events are sent twice when it is killed; a second run goes on where
// the first stopped, and sends nothing when that was the end.

import type { LoadedPipeline } from "../../config/load.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import type { Metrics } from "../../engine/metrics.ts";
import type { RunResult } from "../../engine/run.ts";
import { type Progress, showProgress } from "../backfill/progress.ts";
import type { RedriveOptions } from "../dead-letters.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import type { Job } from "../job.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { onStopSignal } from "../signals.ts";
import { number } from "../summary.ts";
import { withLiveSettings } from "../with-live-settings.ts";
import { DamageReport } from "./damage-report.ts";
import { letterFilter } from "./filter.ts";
import type { Segment } from "./find-segments.ts";
import { findSegments, ofPipeline } from "./open-letters.ts";
import { lockFolders } from "./redrive-lock.ts";
import { startRedrive } from "./redrive-job.ts";
import { redriveSummary } from "./redrive-summary.ts";
import { Tally } from "./tally.ts";

export async function redriveLetters(options: RedriveOptions): Promise<ExitCode> {
  const filter = letterFilter(options);
  const replaceSource = { option: "dead-letters", value: { type: "memory", values: [] } };
  const pipeline = (await loadOrExplain([options.pipeline], { replaceSource }))?.[0];
  if (!pipeline) return exitCode.invalidInput;
  const segments = await findSegments(options.from, pipeline);
  if (segments.length === 0) {
    process.stderr.write(`${pipeline.name} has no dead letters\n`);
    return exitCode.done;
  }
  const unlock = options.dryRun ? async () => {} : await lockFolders(segments, systemClock);
  try {
    const named = letterFilter(ofPipeline(options, pipeline));
    return await withLiveSettings(options, pipeline, (live) =>
      new Redrive(options, live, segments, (letter) => filter(letter) && named(letter)).go(),
    );
  } finally {
    await unlock();
  }
}

class Redrive {
  private readonly tally = new Tally();
  private readonly progress: Progress = showProgress();
  private metrics: Metrics | undefined;

  constructor(
    private readonly options: RedriveOptions,
    private readonly pipeline: LoadedPipeline,
    private readonly segments: readonly Segment[],
    private readonly filter: ReturnType<typeof letterFilter>,
  ) {}

  async go(): Promise<ExitCode> {
    const { pipeline, options, progress, tally } = this;
    const log = await createLog({
      level: options.logLevel,
      pretty: process.stderr.isTTY,
      scrubbers: [pipeline.scrubber],
      ...(progress.write ? { write: progress.write } : {}),
    });
    const report = new DamageReport(log);
    const startedAt = performance.now();
    const { run, metrics } = await this.start(log, report);
    this.metrics = metrics;
    metrics.set(
      "backfill_bytes_total",
      this.segments.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    progress.start(metrics, log);
    const release = onStopSignal((signal) => {
      log.info(
        { signal },
        "stopping: what is in flight is delivered, the other letters wait for the next run",
      );
      run.stop();
    });
    const result = await run.done;
    release();
    progress.stop();
    const elapsedMs = performance.now() - startedAt;
    const title = options.dryRun ? `${pipeline.name} (dry run)` : pipeline.name;
    const damagedLines = report.lines;
    process.stderr.write(`${redriveSummary({ title, tally, metrics, damagedLines, elapsedMs })}\n`);
    return this.end(result, log);
  }

  private start(log: Logger, report: DamageReport): Promise<Job> {
    const { pipeline, options, segments, tally, filter } = this;
    return startRedrive({
      pipeline,
      segments,
      filter,
      tally,
      log,
      report,
      isDry: options.dryRun,
      crashLoops: options.code?.includes("crash-loop") ?? false,
      passed: (bytes) => this.metrics?.set("backfill_bytes_read", bytes),
    });
  }

  private end(result: RunResult, log: Logger): ExitCode {
    const { error } = result;
    if (error) {
      const code = "code" in error ? String(error.code) : "bug";
      log.error({ code, ...(code === "bug" ? { err: error } : {}) }, error.message);
      return exitCode.failed;
    }
    const waiting = this.tally.leftTotal + (this.metrics?.total("dead_letters_total") ?? 0);
    if (waiting === 0) return exitCode.done;
    process.stderr.write(`${number(waiting)} ${waiting === 1 ? "letter waits" : "letters wait"} still.\n`);
    return exitCode.gaveBack;
  }
}
