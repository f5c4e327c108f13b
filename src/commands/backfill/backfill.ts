// One backfill: the pipeline of a YAML file with its source replaced by files, from checkpoint to summary.

import { join, resolve } from "node:path";

import type { LoadedPipeline, Replacement } from "../../config/load.ts";
import type { ConsolePipeline } from "../../console/console-world.ts";
import type { Logger } from "../../engine/contracts.ts";
import { consolePipeline } from "../console.ts";
import { inSegments } from "../dead-letter-files.ts";
import type { BackfillOptions } from "../backfill.ts";
import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { type InsertedTransform, startJob } from "../job.ts";
import { openLiveView } from "../live-view.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { watchedPipeline } from "../operator-port.ts";
import { onStopSignal } from "../signals.ts";
import { summaryTable } from "../summary.ts";
import { withLiveSettings } from "../with-live-settings.ts";
import { openBeside } from "./beside.ts";
import { dryRun } from "./dry-run.ts";
import { fuse } from "./fuse.ts";
import { limitSource } from "./limit-source.ts";
import { showProgress } from "./progress.ts";
import { RecentIds } from "./recent-ids.ts";
import { skipDuplicates } from "./skip-duplicates.ts";
import { timeWindow } from "./time-window.ts";

/** Files are read in large blocks, and a block grows several times as events: this keeps a backfill small. */
const MOST_BYTES_IN_FLIGHT = 2 * 1024 * 1024;

/** Two or three keep the thread that sends busy; more only wait. */
const MOST_WORKERS = 16;

export async function backfill(options: BackfillOptions): Promise<ExitCode> {
  const window = timeWindow(options.since, options.until);
  if (options.limit !== undefined && !(Number.isInteger(options.limit) && options.limit > 0)) {
    throw new UsageError(`--limit takes a whole number above 0, not ${options.limit}`);
  }
  if (!(Number.isInteger(options.workers) && options.workers >= 0 && options.workers <= MOST_WORKERS))
    throw new UsageError(`--workers takes a whole number up to ${MOST_WORKERS}, not ${options.workers}`);
  const loaded = await loadOrExplain([options.pipeline], {
    replaceSource: sourceOf(options),
    ...(options.to === undefined ? {} : { replaceSink: sinkOf(options.to) }),
  });
  const pipeline = loaded?.[0];
  if (!pipeline) return exitCode.invalidInput;
  return withLiveSettings(options, pipeline, (live) => backfillOf(live, options, window));
}

async function backfillOf(
  pipeline: LoadedPipeline,
  options: BackfillOptions,
  window: ReturnType<typeof timeWindow>,
): Promise<ExitCode> {
  const progress = showProgress();
  const log = await createLog({
    level: options.logLevel,
    pretty: process.stderr.isTTY,
    scrubbers: [pipeline.scrubber],
    ...(progress.write ? { write: progress.write } : {}),
  });
  const recent = new RecentIds();
  const inserted: InsertedTransform[] = [skipDuplicates(recent)];
  if (window) inserted.unshift(window);
  const { source } = pipeline;
  const withState = {
    ...source,
    config: { ...(source.config as object), ...stateOf(options, pipeline.name, pipeline.hash) },
  };
  const fused = await fuse(pipeline, options, recent);
  if (!fused && options.workers > 0)
    log.warn({}, "--workers does nothing here: only the plain stages over Avro files can run in threads");
  const watched: WatchedPipeline[] = [];
  const beside = await openBeside(options, { log, pipelines: () => watched }).catch(
    async (error: unknown) => {
      await fused?.close();
      throw error;
    },
  );
  const shown: ConsolePipeline[] = [];
  const view = openLiveView({ command: "backfill", log, pipelines: () => shown });
  const watch = view.live.watch(pipeline);
  const startedAt = performance.now();
  const job = await startJob(
    { ...pipeline, source: withState, deadLetters: inSegments(pipeline.deadLetters) },
    {
      log,
      rates: beside.rates,
      aroundWrite: beside.otlp?.around({ name: pipeline.name, subscription: undefined }),
      inserted,
      fused,
      inFlight: {
        records: pipeline.inFlight.records,
        bytes: Math.min(MOST_BYTES_IN_FLIGHT, pipeline.inFlight.bytes),
      },
      ...(options.limit === undefined ? {} : { wrapSource: limitSource(options.limit) }),
      ...(options.dryRun ? { wrapSink: dryRun, wrapDeadLetters: dryRun } : {}),
    },
  ).catch(async (error: unknown) => {
    await Promise.all([beside.close(), fused?.close(), view.close()]);
    throw error;
  });
  const { run, metrics } = job;
  watched.push(watchedPipeline(pipeline, job));
  watch.began(job);
  shown.push(consolePipeline(pipeline, pipeline, job, log));
  progress.start(metrics, log);
  const release = onStopSignal((signal) => {
    log.info({ signal }, "stopping: what is in flight is delivered, the rest stays for the next run");
    run.stop();
  });
  const result = await run.done;
  await view.close();
  release();
  progress.stop();
  await beside.close();
  const elapsedMs = performance.now() - startedAt;
  const title = options.dryRun ? `${pipeline.name} (dry run)` : pipeline.name;
  process.stderr.write(
    `${summaryTable({ metrics, elapsedMs, gaveBack: result.gaveBack, title, countsDuplicates: true })}\n`,
  );
  return end(
    result,
    metrics.total("backfill_files_done") < metrics.total("backfill_files_total"),
    options,
    log,
  );
}

function end(
  result: { readonly state: string; readonly gaveBack: number; readonly error?: Error },
  filesLeft: boolean,
  { limit }: BackfillOptions,
  log: Logger,
): ExitCode {
  if (result.error) {
    const code = "code" in result.error ? String(result.error.code) : "bug";
    log.error({ code, ...(code === "bug" ? { err: result.error } : {}) }, result.error.message);
    return exitCode.failed;
  }
  if (limit === undefined && (result.gaveBack > 0 || filesLeft)) return exitCode.gaveBack;
  return exitCode.done;
}

function sourceOf(options: BackfillOptions): Replacement {
  const paths = options.from.map((path) => resolve(path));
  const { force, onDamage } = options;
  return { option: "--from", value: { type: "file", paths, force, onDamage } };
}

/** Where the checkpoint is kept. A dry run keeps none, and a run with a limit is a look, not a backfill. */
function stateOf(options: BackfillOptions, name: string, hash: string): object {
  if (options.dryRun || (options.limit !== undefined && options.state === undefined)) return {};
  const target = options.to === undefined ? "sink" : options.to.replaceAll(/[^A-Za-z0-9._-]+/g, "-");
  return { state: resolve(options.state ?? join(".sluice", "backfill", name, target)), configVersion: hash };
}

function sinkOf(to: string): Replacement {
  if (to === "stdout" || to === "-") return { option: "--to", value: { type: "stdout" } };
  if (to.startsWith("file:") && to.length > 5) {
    return { option: "--to", value: { type: "file", path: resolve(to.slice(5)) } };
  }
  throw new UsageError(
    `--to takes file:<path> or stdout, not ${JSON.stringify(to)}; leave it out to use the pipeline's sink`,
  );
}
