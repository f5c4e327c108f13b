// `sluice run`: loads, starts, waits, and ends with an exit code.
//
//   loading -> waiting for the enablement to be known -> running -> draining -> everything closed
//
// A stop that is asked for at any point is a stop like any other: nothing is taken in after it.

import { resolve } from "node:path";

import type { ConsolePipeline } from "../../console/console-world.ts";
import { SeenFlags } from "../../console/seen-flags.ts";
import type { Console } from "../../console/server.ts";
import type { Logger } from "../../engine/contracts.ts";
import type { Metrics } from "../../engine/metrics.ts";
import { allOf } from "../../engine/observers.ts";
import type { RunResult } from "../../engine/run.ts";
import type { RateSharing } from "../../rates/rate-sharing.ts";
import type { OpenTelemetry } from "../../telemetry/open-telemetry.ts";
import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import { consoleFor, consolePipeline } from "../console.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { type Job, startJob } from "../job.ts";
import { type OpenLiveView, openLiveView } from "../live-view.ts";
import { type AttachedPipeline, type LiveSettings, liveSettings } from "../live-settings.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { type OperatorPort, operatorPort, watchedPipeline } from "../operator-port.ts";
import { rateSharing } from "../rate-options.ts";
import type { RunOptions } from "../run.ts";
import { type OpenStore, openStore, openStoreIfAny } from "../settings-store.ts";
import { otlpFor, subscriptionOf } from "../otlp.ts";
import { onStopSignal } from "../signals.ts";

export async function runPipelines(files: readonly string[], options: RunOptions): Promise<ExitCode> {
  const pipelines = await loadOrExplain(files);
  if (!pipelines) return exitCode.invalidInput;
  const open = options.console === undefined ? await openStoreIfAny(options) : await openStore(options);
  const scrubbers = [...pipelines, ...(open ? [open] : [])].map(({ scrubber }) => scrubber);
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers });
  const settings = liveSettings(open, { log, stateDir: resolve(options.state) });
  const running = new Running(options, log, settings);
  try {
    await running.openRates();
    await running.openOperatorPort(pipelines.length);
    if (open) await running.openConsole(open);
    const attached = await Promise.all(pipelines.map((pipeline) => settings.attach(pipeline)));
    return await running.run(attached);
  } finally {
    await running.close();
  }
}

class Running {
  private readonly jobs: Job[] = [];
  private readonly shown: ConsolePipeline[] = [];
  private readonly seenFlags = new SeenFlags();
  private readonly watched: WatchedPipeline[] = [];
  private console: Console | undefined;
  private rates: RateSharing | undefined;
  private operatorPort: OperatorPort | undefined;
  private otlp: OpenTelemetry | undefined;
  private readonly view: OpenLiveView;
  private stopping = false;
  private readonly release: () => void;

  constructor(
    private readonly options: RunOptions,
    private readonly log: Logger,
    private readonly settings: LiveSettings,
  ) {
    this.view = openLiveView({ command: "run", log, pipelines: () => this.shown });
    // Before anything is taken in: a stop asked for while the pipelines start is a stop like any other.
    this.release = onStopSignal((signal) => {
      this.stopping = true;
      settings.stopWaiting();
      log.info({ signal }, "stopping: draining what is in flight");
      this.stopAll();
    });
    settings.follow(this.jobs);
  }

  async openConsole(open: OpenStore): Promise<void> {
    const { options, log, seenFlags } = this;
    const { live } = this.view;
    this.console = await consoleFor({ options, open, log, seenFlags, live, pipelines: () => this.shown });
  }

  async openRates(): Promise<void> {
    this.rates = await rateSharing(this.options, process.env, { log: this.log, priority: "live" });
  }

  /** First of all: who asks while the pipelines start is told so. */
  async openOperatorPort(expected: number): Promise<void> {
    const { options, log, watched } = this;
    this.operatorPort = await operatorPort({ options, log, expected, pipelines: () => watched });
    this.otlp = await otlpFor(options, { log, pipelines: () => watched });
  }

  async run(attached: readonly AttachedPipeline[]): Promise<ExitCode> {
    // Stopped while the enablement was not known: nothing may run without it.
    if (this.stopping) return exitCode.done;
    await this.start(attached);
    if (this.stopping) this.stopAll();
    for (const { own } of attached) this.log.info({ pipeline: own.name, file: own.file }, "running");
    const results = await Promise.all(this.jobs.map((job, i) => this.outcome(job, attached[i]!.own.name)));
    if (results.some(({ state }) => state === "failed")) return exitCode.failed;
    return results.some(({ gaveBack }) => gaveBack > 0) ? exitCode.gaveBack : exitCode.done;
  }

  async close(): Promise<void> {
    await this.console?.close();
    await this.otlp?.close();
    await this.operatorPort?.close();
    await this.rates?.close();
    await this.view.close();
    await this.settings.close();
    // Last: a second signal while all this closes is still ours to answer.
    this.release();
  }

  /** All or none: one that cannot start keeps none of the others running unseen. */
  private async start(attached: readonly AttachedPipeline[]): Promise<void> {
    const stateDir = resolve(this.options.state);
    const starts = await Promise.allSettled(
      attached.map(async ({ own, live }) => {
        const watch = this.view.live.watch(live);
        const job = await startJob(live, {
          log: this.log,
          observer: this.console ? allOf(watch.observer, this.seenFlags) : watch.observer,
          stateDir,
          rates: this.rates,
          aroundWrite: this.otlp?.around({ name: own.name, subscription: subscriptionOf(own.source.config) }),
        });
        watch.began(job);
        this.shown.push(consolePipeline(own, live, job, this.log));
        this.watched.push(watchedPipeline(own, job));
        return job;
      }),
    );
    for (const start of starts) if (start.status === "fulfilled") this.jobs.push(start.value);
    const failure = starts.find((start) => start.status === "rejected");
    if (!failure) return;
    this.stopAll();
    await Promise.all(this.jobs.map(({ run }) => run.done));
    throw failure.reason;
  }

  private async outcome({ run, metrics }: Job, pipeline: string): Promise<RunResult> {
    const result = await run.done;
    const { state, gaveBack, error: err } = result;
    // One pipeline that fails does not go unnoticed behind others that run on.
    if (state === "failed") this.stopAll();
    const fields = { pipeline, gaveBack, counts: countsOf(metrics), ...(err ? { err } : {}) };
    this.log[state === "failed" ? "error" : "info"](fields, state);
    return result;
  }

  private stopAll(): void {
    for (const { run } of this.jobs) run.stop();
  }
}

/** The books of a whole run, in its last line: what came in is what went out. */
function countsOf(metrics: Metrics): object {
  const retried: Record<string, number> = {};
  for (const { labels, value } of metrics.samples("sink_retries_total")) {
    const { code = "" } = labels;
    retried[code] = (retried[code] ?? 0) + value;
  }
  return {
    retried,
    received: metrics.total("records_received_total"),
    acked: metrics.total("records_acked_total"),
    givenBack: metrics.total("records_given_back_total"),
    values: metrics.total("values_total"),
    delivered: metrics.total("sink_events_delivered_total"),
    dropped: metrics.total("dropped_total"),
    deadLettered: metrics.total("dead_letters_total"),
  };
}
