// `sluice run`: loads, starts, waits, and ends with an exit code.
//
//   loading -> waiting for the enablement to be known -> running -> draining -> everything closed
//
// A stop that is asked for at any point is a stop like any other: nothing is taken in after it.

import { resolve } from "node:path";

import { declaredFiles } from "../../config/declared.ts";
import { type LoadedPipeline, loadPipeline } from "../../config/load.ts";
import { realOutside } from "../../config/outside.ts";
import type { SecretScrubber } from "../../config/scrubber.ts";
import type { ConsolePipeline } from "../../console/console-world.ts";
import { SeenFlags } from "../../console/seen-flags.ts";
import type { Console } from "../../console/server.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import { allOf } from "../../engine/observers.ts";
import type { Guard } from "../../engine/crash-loop.ts";
import type { RunResult } from "../../engine/run.ts";
import { SharedLimiters } from "../../engine/shared-limiters.ts";
import type { DeliveredMarks } from "../../marks/delivered-marks.ts";
import { marked } from "../../marks/marked-sink.ts";
import type { RateSharing } from "../../rates/rate-sharing.ts";
import { registry } from "../../registry.ts";
import type { OpenTelemetry } from "../../telemetry/open-telemetry.ts";
import type { WatchedPipeline } from "../../telemetry/watched-pipeline.ts";
import { consoleFor, consolePipeline } from "../console.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { type Job, openGuard, startJob } from "../job.ts";
import { type OpenLiveView, openLiveView } from "../live-view.ts";
import { type AttachedPipeline, type LiveSettings, liveSettings } from "../live-settings.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { deliveredMarks } from "../marks-options.ts";
import type { OperatorPort } from "../operator-port.ts";
import type { RunOptions } from "../run.ts";
import { type OpenStore, openStore, openStoreIfAny } from "../settings-store.ts";
import { otlpFor, subscriptionOf } from "../otlp.ts";
import { besideOthers, whyAlone } from "./beside-others.ts";
import { countsOf } from "./books.ts";
import { FilesRead } from "./files-read.ts";
import { fuseRecords } from "./fuse-records.ts";
import { Generations } from "./generations.ts";
import type { Host } from "./host.ts";
import type { KeptParts } from "./kept-parts.ts";
import { type Reloadable, Reloader } from "./reloader.ts";
import { watchedGenerations } from "./watched-generations.ts";

/** So long may it take until what LaunchDarkly has switched on is known for a changed definition. */
const ATTACH_MS = 30_000;

interface RunningPipeline extends Reloadable {
  readonly guard: Guard | undefined;
}

export async function runPipelines(
  files: readonly string[],
  options: RunOptions,
  host: Host,
): Promise<ExitCode> {
  const read = files.map(() => new FilesRead());
  const { worker } = host;
  const pipelines = await loadOrExplain(files, { watching: read, quiet: worker !== undefined });
  if (!pipelines) return exitCode.invalidInput;
  const open = options.console === undefined ? await openStoreIfAny(options) : await openStore(options);
  const scrubbers = [...pipelines, ...(open ? [open] : [])].map(({ scrubber }) => scrubber);
  const fields = worker === undefined ? undefined : { worker };
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers, fields });
  // Each worker has a folder of its own, so that none writes over what another keeps.
  const stateDir = resolve(options.state, ...(worker === undefined ? [] : [`worker-${worker}`]));
  const settings = liveSettings(open, { log, stateDir });
  const running = new Running(options, log, settings, scrubbers, { host, stateDir });
  try {
    await running.openRates();
    await running.openOperatorPort(pipelines.length);
    if (open) await running.openConsole(open);
    const attached = await Promise.all(pipelines.map((pipeline) => settings.attach(pipeline)));
    return await running.run(attached, read);
  } finally {
    await running.close();
  }
}

class Running {
  private readonly pipelines: RunningPipeline[] = [];
  private readonly limiters = new SharedLimiters(systemClock);
  private readonly reloader: Reloader;
  private readonly shown: ConsolePipeline[] = [];
  private readonly seenFlags = new SeenFlags();
  private readonly watched: WatchedPipeline[] = [];
  private console: Console | undefined;
  private rates: RateSharing | undefined;
  private marks: DeliveredMarks | undefined;
  private operatorPort: OperatorPort | undefined;
  private otlp: OpenTelemetry | undefined;
  private readonly view: OpenLiveView;
  private stopping = false;
  private readonly release: () => void;

  constructor(
    private readonly options: RunOptions,
    private readonly log: Logger,
    private readonly settings: LiveSettings,
    private readonly scrubbers: SecretScrubber[],
    private readonly place: { readonly host: Host; readonly stateDir: string },
  ) {
    this.view = openLiveView({ command: this.commandName, log, pipelines: () => this.shown });
    // Before anything is taken in: a stop asked for while the pipelines start is a stop like any other.
    this.release = place.host.onStop((signal) => {
      this.stopping = true;
      void this.reloader.halt();
      settings.stopWaiting();
      log.info({ signal }, "stopping: draining what is in flight");
      this.stopAll();
    });
    settings.follow(() => this.jobs());
    this.reloader = this.followChanges();
  }

  async openConsole(open: OpenStore): Promise<void> {
    const { options, log, seenFlags } = this;
    const { live } = this.view;
    this.console = await consoleFor({ options, open, log, seenFlags, live, pipelines: () => this.shown });
  }

  async openRates(): Promise<void> {
    this.rates = await this.place.host.rates(this.log);
    this.marks = await deliveredMarks(this.options, process.env, this.log);
  }

  /** First of all: who asks while the pipelines start is told so. */
  async openOperatorPort(expected: number): Promise<void> {
    const { options, log, watched } = this;
    this.operatorPort = await this.place.host.watch({ options, log, expected, pipelines: () => watched });
    this.otlp = await otlpFor(options, { log, pipelines: () => watched });
  }

  async run(attached: readonly AttachedPipeline[], read: readonly FilesRead[]): Promise<ExitCode> {
    // Stopped while the enablement was not known: nothing may run without it.
    if (this.stopping) return exitCode.done;
    await this.start(attached, read);
    if (this.stopping) this.stopAll();
    for (const { own } of attached) this.log.info({ pipeline: own.name, file: own.file }, "running");
    if (!this.stopping) this.reloader.begin();
    this.place.host.running();
    const results = await Promise.all(this.pipelines.map((pipeline) => this.outcome(pipeline)));
    if (results.some(({ state }) => state === "failed")) return exitCode.failed;
    return results.some(({ gaveBack }) => gaveBack > 0) ? exitCode.gaveBack : exitCode.done;
  }

  async close(): Promise<void> {
    await this.reloader.halt();
    await this.console?.close();
    await this.otlp?.close();
    await this.operatorPort?.close();
    this.limiters.close();
    await this.rates?.close();
    await this.marks?.close();
    await this.view.close();
    await this.settings.close();
    await this.reloader.close();
    // Last: a second signal while all this closes is still ours to answer.
    this.release();
  }

  /** All or none: one that cannot start keeps none of the others running unseen. */
  private async start(attached: readonly AttachedPipeline[], read: readonly FilesRead[]): Promise<void> {
    const starts = await Promise.allSettled(
      attached.map(async (one, i): Promise<RunningPipeline> => {
        const { stateDir } = this.place;
        const guard = await openGuard(one.own, { stateDir, log: this.log }, systemClock);
        const start = (next: AttachedPipeline, parts: KeptParts) => this.startJob(next, parts, guard);
        const begun = Generations.begin(one, start, this.log);
        const generations = await begun.catch(async (error: unknown) => {
          await guard?.close();
          throw error;
        });
        return { file: one.own.file, generations, files: read[i]!, lastReload: undefined, guard };
      }),
    );
    for (const start of starts) if (start.status === "fulfilled") this.pipelines.push(start.value);
    for (const { generations } of this.pipelines) this.watched.push(watchedGenerations(generations));
    for (const pipeline of this.pipelines) this.shown.push(this.shownOf(pipeline));
    const failure = starts.find((start) => start.status === "rejected");
    if (!failure) return;
    this.stopAll();
    await Promise.all(this.pipelines.map((pipeline) => this.outcome(pipeline)));
    throw failure.reason;
  }

  private async startJob(
    { own, live }: AttachedPipeline,
    parts: KeptParts,
    guard: Guard | undefined,
  ): Promise<Job> {
    const { log, limiters, rates, marks } = this;
    const watch = this.view.live.watch(live);
    const job = await startJob(this.isWorker ? besideOthers(live) : live, {
      log,
      limiters,
      parts,
      rates,
      wrapSink: marks && ((sink, { count }) => marked(sink, marks, count)),
      observer: this.console ? allOf(watch.observer, this.seenFlags) : watch.observer,
      fusedRecords: await fuseRecords(live),
      guard: guard && borrowed(guard),
      aroundWrite: this.otlp?.around({ name: own.name, subscription: subscriptionOf(own.source.config) }),
    });
    watch.began(job);
    return job;
  }

  private followChanges(): Reloader {
    const outside = realOutside(process.env);
    return new Reloader(this.pipelines, {
      log: this.log,
      readFile: outside.readFile,
      wallMs: () => systemClock.wallMs(),
      load: (file, files) =>
        loadPipeline(file, { registry, declared: declaredFiles, outside: files.watching(outside) }),
      attach: (pipeline) => this.attachChanged(pipeline),
      swapped: (pipeline) => this.showAgain(pipeline),
      reported: (name, reload) => this.view.live.reloaded(name, reload),
    });
  }

  private get commandName() {
    const { worker } = this.place.host;
    return worker === undefined ? ("run" as const) : (`worker ${worker}` as const);
  }

  private get isWorker(): boolean {
    return this.place.host.worker !== undefined;
  }

  /** Its secrets are masked for as long as it runs. */
  private async attachChanged(pipeline: LoadedPipeline): Promise<AttachedPipeline> {
    const why = this.isWorker ? whyAlone(pipeline) : undefined;
    if (why !== undefined) throw new RunError("reload-needs-restart", why);
    const { scrubber } = pipeline;
    this.scrubbers.push(scrubber);
    const forget = () => this.scrubbers.splice(this.scrubbers.indexOf(scrubber), 1);
    try {
      const attached = await this.settings.attach(pipeline, AbortSignal.timeout(ATTACH_MS));
      return { ...attached, release: () => attached.release().finally(forget) };
    } catch (error) {
      forget();
      throw error;
    }
  }

  private shownOf(pipeline: RunningPipeline): ConsolePipeline {
    const { own, live, job } = pipeline.generations.current;
    return consolePipeline(own, live, job, this.log);
  }

  private showAgain(changed: Reloadable): void {
    const at = this.pipelines.findIndex(({ generations }) => generations === changed.generations);
    const before = this.shown[at];
    this.shown[at] = this.shownOf(this.pipelines[at]!);
    void before?.letterBox.close().catch((err: unknown) => {
      this.log.warn({ err }, "what looked into the dead letters could not be closed");
    });
  }

  private async outcome({ generations, guard }: RunningPipeline): Promise<RunResult> {
    const result = await generations.done;
    await guard?.close();
    const { state, gaveBack, error: err } = result;
    // One pipeline that fails does not go unnoticed behind others that run on.
    if (state === "failed") this.stopAll();
    const counts = countsOf(generations.metrics);
    const fields = { pipeline: generations.current.own.name, gaveBack, counts, ...(err ? { err } : {}) };
    this.log[state === "failed" ? "error" : "info"](fields, state);
    return result;
  }

  private *jobs(): Iterable<Job> {
    for (const { generations } of this.pipelines) for (const { job } of generations.all) yield job;
  }

  private stopAll(): void {
    for (const { generations } of this.pipelines) generations.stop();
  }
}

/** The same guard, for a run that must not end it. */
function borrowed(guard: Guard): Guard {
  return {
    get watching() {
      return guard.watching;
    },
    around: (id, work) => guard.around(id, work),
    close: () => Promise.resolve(),
  };
}
