// One backfill: the pipeline of a YAML file with its source replaced by files, from checkpoint to summary.

import { join } from "node:path";

import type { LoadedPipeline } from "../../config/load.ts";
import type { ConsolePipeline } from "../../console/console-world.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { labelled } from "../../engine/labelled-log.ts";
import type { Metrics } from "../../engine/metrics.ts";
import { type Shard, shardName } from "../../sources/file/shards.ts";
import { consolePipeline } from "../console.ts";
import { inSegments } from "../dead-letter-files.ts";
import type { BackfillOptions } from "../backfill.ts";
import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { type InsertedTransform, startJob } from "../job.ts";
import { openLiveView } from "../live-view.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { placeholderSecrets } from "../placeholder-secrets.ts";
import { watchedPipeline } from "../operator-port.ts";
import { onStopSignal } from "../signals.ts";
import { summaryTable } from "../summary.ts";
import { withLiveSettings } from "../with-live-settings.ts";
import { openBeside } from "./beside.ts";
import { dryRun } from "./dry-run.ts";
import { fuse } from "./fuse.ts";
import { limitSource } from "./limit-source.ts";
import { showProgress } from "./progress.ts";
import { ProgressFile } from "./progress-file.ts";
import { RecentIds } from "./recent-ids.ts";
import { runSettings, sinkOf, sourceOf, stateFolder } from "./replacements.ts";
import { shardOf } from "./shard-of.ts";
import { showStatus } from "./status.ts";
import { skipDuplicates } from "./skip-duplicates.ts";
import { timeWindow } from "./time-window.ts";

/** Files are read in large blocks, and a block grows several times as events: this keeps a backfill small. */
const MOST_BYTES_IN_FLIGHT = 2 * 1024 * 1024;

/** Two or three keep the thread that sends busy; more only wait. */
const MOST_WORKERS = 16;

export async function backfill(options: BackfillOptions): Promise<ExitCode> {
  if (options.status) return status(options);
  const shard = shardOf(options, process.env);
  const window = timeWindow(options.since, options.until);
  if (options.limit !== undefined && !(Number.isInteger(options.limit) && options.limit > 0)) {
    throw new UsageError(`--limit takes a whole number above 0, not ${options.limit}`);
  }
  if (!(Number.isInteger(options.workers) && options.workers >= 0 && options.workers <= MOST_WORKERS))
    throw new UsageError(`--workers takes a whole number up to ${MOST_WORKERS}, not ${options.workers}`);
  const loaded = await loadOrExplain([options.pipeline], {
    replaceSource: sourceOf(options),
    ...(options.to === undefined ? {} : { replaceSink: sinkOf(options.to, shard) }),
  });
  const pipeline = loaded?.[0];
  if (!pipeline) return exitCode.invalidInput;
  return withLiveSettings(options, pipeline, (live) => backfillOf(live, options, { window, shard }));
}

/** Nothing is sent, so no secret is needed. */
async function status(options: BackfillOptions): Promise<ExitCode> {
  const loaded = await loadOrExplain([options.pipeline], { env: placeholderSecrets(process.env) });
  const name = loaded?.[0]?.name;
  if (name === undefined) return exitCode.invalidInput;
  return showStatus(stateFolder(options, name), { title: name, format: options.format });
}

async function backfillOf(
  pipeline: LoadedPipeline,
  options: BackfillOptions,
  { window, shard }: { readonly window: ReturnType<typeof timeWindow>; readonly shard: Shard | undefined },
): Promise<ExitCode> {
  const part = shard ? `shard ${shard.index}/${shard.of}` : undefined;
  const progress = showProgress(part);
  const plainLog = await createLog({
    level: options.logLevel,
    pretty: process.stderr.isTTY,
    scrubbers: [pipeline.scrubber],
    ...(progress.write ? { write: progress.write } : {}),
  });
  const log = shard ? labelled(plainLog, { shard: `${shard.index}/${shard.of}` }) : plainLog;
  const recent = new RecentIds();
  const inserted: InsertedTransform[] = [skipDuplicates(recent)];
  if (window) inserted.unshift(window);
  const { source } = pipeline;
  const settings = runSettings(options, pipeline, shard);
  const withState = { ...source, config: { ...(source.config as object), ...settings } };
  const fused = await fuse(pipeline, options, recent);
  if (!fused && options.workers > 0)
    log.warn(
      {},
      "--workers does nothing here: only the plain stages, with no others between them, run in threads",
    );
  const watched: WatchedPipeline[] = [];
  const beside = await openBeside(options, { log, pipelines: () => watched, shard }).catch(
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
  const told = progressFile(settings.state, shard, { metrics, log });
  told?.start();
  const release = onStopSignal((signal) => {
    log.info({ signal }, "stopping: what is in flight is delivered, the rest stays for the next run");
    run.stop();
  });
  const result = await run.done;
  await view.close();
  release();
  progress.stop();
  const filesLeft = metrics.total("backfill_files_done") < metrics.total("backfill_files_total");
  await told?.end(result.error ? "failed" : filesLeft ? "stopped" : "done");
  await beside.close();
  const elapsedMs = performance.now() - startedAt;
  const notes = [part, options.dryRun ? "dry run" : undefined].filter((note) => note !== undefined);
  const title = notes.length > 0 ? `${pipeline.name} (${notes.join(", ")})` : pipeline.name;
  process.stderr.write(
    `${summaryTable({ metrics, elapsedMs, gaveBack: result.gaveBack, title, countsDuplicates: true })}\n`,
  );
  return end(result, filesLeft, options, log);
}

/** Beside the checkpoint; undefined: there is none. */
function progressFile(
  state: string | undefined,
  shard: Shard | undefined,
  { metrics, log }: { readonly metrics: Metrics; readonly log: Logger },
): ProgressFile | undefined {
  if (state === undefined) return undefined;
  const folder = shard ? join(state, shardName(shard)) : state;
  return new ProgressFile(folder, metrics, { log, clock: systemClock });
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
