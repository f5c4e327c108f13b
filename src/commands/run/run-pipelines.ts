// `sluice run`: loads, starts, waits, and ends with an exit code.
//
//   loading -> waiting for the enablement to be known -> running -> draining -> everything closed
//
// A stop that is asked for at any point is a stop like any other: nothing is taken in after it.

import { resolve } from "node:path";

import type { LoadedPipeline } from "../../config/load.ts";
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
import { SharedLimiters } from "../../engine/shared-limiters.ts";
import type { DeliveredMarks } from "../../marks/delivered-marks.ts";
import { marked } from "../../marks/marked-sink.ts";
import type { RateSharing } from "../../rates/rate-sharing.ts";
import type { OpenTelemetry } from "../../telemetry/open-telemetry.ts";
import { consoleFor, consolePipeline } from "../console.ts";
import { exitCode, type ExitCode, UsageError } from "../exit-code.ts";
import { type Job, openGuard, startJob } from "../job.ts";
import { type OpenLiveView, openLiveView } from "../live-view.ts";
import { type AttachedPipeline, type LiveSettings, liveSettings } from "../live-settings.ts";
import { loadOrExplain } from "../load.ts";
import { createLog } from "../logger.ts";
import { deliveredMarks } from "../marks-options.ts";
import type { OperatorPort } from "../operator-port.ts";
import { namedPipelines, refuseSameNames } from "../pipeline-files.ts";
import type { RunOptions } from "../run.ts";
import { type OpenStore, openStore, openStoreIfAny } from "../settings-store.ts";
import { otlpFor, subscriptionOf } from "../otlp.ts";
import { besideOthers, whyAlone } from "./beside-others.ts";
import { borrowed } from "./borrowed-guard.ts";
import { FilesRead } from "./files-read.ts";
import { followChanges } from "./follow-changes.ts";
import { fuseRecords } from "./fuse-records.ts";
import { Generations } from "./generations.ts";
import { commandOf, type Host } from "./host.ts";
import type { KeptParts } from "./kept-parts.ts";
import type { Reloadable, Reloader } from "./reloader.ts";
import { type RunningPipeline, RunningSet } from "./running-set.ts";
import { watchedGenerations } from "./watched-generations.ts";

/** So long may it take until what LaunchDarkly has switched on is known for a changed definition. */
const ATTACH_MS = 30_000;

/** `given`: files, folders, patterns. */
export async function runPipelines(
  given: readonly string[],
  options: RunOptions,
  host: Host,
): Promise<ExitCode> {
  const { files, isOpen } = await namedPipelines(given, realOutside(process.env));
  if (files.length === 0) throw new UsageError(`there is no pipeline in ${given.join(", ")}`);
  const read = files.map(() => new FilesRead());
  const { worker } = host;
  const pipelines = await loadOrExplain(files, { watching: read, quiet: worker !== undefined });
  if (!pipelines) return exitCode.invalidInput;
  refuseSameNames(pipelines);
  const open = options.console === undefined ? await openStoreIfAny(options) : await openStore(options);
  const scrubbers = [...pipelines, ...(open ? [open] : [])].map(({ scrubber }) => scrubber);
  const fields = worker === undefined ? undefined : { worker };
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers, fields });
  // Each worker has a folder of its own, so that none writes over what another keeps.
  const stateDir = resolve(options.state, ...(worker === undefined ? [] : [`worker-${worker}`]));
  const settings = liveSettings(open, { log, stateDir });
  const running = new Running(options, log, settings, scrubbers, {
    host,
    stateDir,
    followed: isOpen ? given : [],
  });
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

interface Place {
  readonly host: Host;
  readonly stateDir: string;
  /** With folders or patterns, that other files may come to belong to; empty: there are none. */
  readonly followed: readonly string[];
}

class Running {
  private readonly set: RunningSet;
  private readonly limiters = new SharedLimiters(systemClock);
  private readonly reloader: Reloader;
  private readonly seenFlags = new SeenFlags();
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
    private readonly place: Place,
  ) {
    const forgotten = (one: RunningPipeline) => this.forget(one);
    this.set = new RunningSet({ log, isOpen: place.followed.length > 0, forgotten });
    this.view = openLiveView({ command: commandOf(place.host), log, pipelines: () => this.set.shown });
    // Before anything is taken in: a stop asked for while the pipelines start is a stop like any other.
    this.release = place.host.onStop((signal) => {
      this.stopping = true;
      void this.reloader.halt();
      settings.stopWaiting();
      log.info({ signal }, "stopping: draining what is in flight");
      this.set.stop();
    });
    settings.follow(() => this.set.jobs());
    this.reloader = followChanges({
      log,
      set: this.set,
      followed: place.followed,
      attach: (pipeline) => this.attachChanged(pipeline),
      join: (file, pipeline, files) => this.join(file, pipeline, files),
      swapped: (pipeline) => this.showAgain(pipeline),
      reported: (name, reload) => this.view.live.reloaded(name, reload),
    });
  }

  async openConsole(open: OpenStore): Promise<void> {
    const { options, log, seenFlags } = this;
    const { live } = this.view;
    this.console = await consoleFor({ options, open, log, seenFlags, live, pipelines: () => this.set.shown });
  }

  async openRates(): Promise<void> {
    this.rates = await this.place.host.rates(this.log);
    this.marks = await deliveredMarks(this.options, process.env, this.log);
  }

  /** First of all: who asks while the pipelines start is told so. */
  async openOperatorPort(expected: number): Promise<void> {
    const { options, log } = this;
    const pipelines = () => this.set.watched;
    this.operatorPort = await this.place.host.watch({ options, log, expected, pipelines });
    this.otlp = await otlpFor(options, { log, pipelines });
  }

  async run(attached: readonly AttachedPipeline[], read: readonly FilesRead[]): Promise<ExitCode> {
    // Stopped while the enablement was not known: nothing may run without it.
    if (this.stopping) return exitCode.done;
    await this.start(attached, read);
    if (this.stopping) this.set.stop();
    for (const { own } of attached) this.log.info({ pipeline: own.name, file: own.file }, "running");
    if (!this.stopping) this.reloader.begin();
    this.place.host.running();
    const results = await this.set.over;
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
      attached.map((one, i) => this.begin(one, one.own.file, read[i]!)),
    );
    this.set.add(...starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : [])));
    const failure = starts.find((start) => start.status === "rejected");
    if (!failure) return;
    this.set.stop();
    await this.set.over;
    throw failure.reason;
  }

  private async begin(one: AttachedPipeline, file: string, files: FilesRead): Promise<RunningPipeline> {
    const guard = await openGuard(one.own, { stateDir: this.place.stateDir, log: this.log }, systemClock);
    const start = (next: AttachedPipeline, parts: KeptParts) => this.startJob(next, parts, guard);
    const generations = await Generations.begin(one, start, this.log).catch(async (error: unknown) => {
      await guard?.close();
      throw error;
    });
    for (const outcome of ["applied", "invalid", "failed"])
      generations.metrics.count("pipeline_reloads_total", 0, { outcome });
    const pipeline: RunningPipeline = {
      file,
      generations,
      files,
      guard,
      lastReload: undefined,
      watched: watchedGenerations(generations, () => !this.set.members.includes(pipeline)),
      shown: this.shownOf(generations),
    };
    return pipeline;
  }

  /** While others run: a file that came. */
  private async join(file: string, own: LoadedPipeline, files: FilesRead): Promise<void> {
    await this.set.gone(own.name);
    const before = this.set.members.find(({ watched }) => watched.name === own.name);
    if (before) throw new Error(`${before.file} is a pipeline with the same name, ${own.name}`);
    if (this.stopping) throw new Error("the process is about to end");
    const attached = await this.attachChanged(own);
    try {
      this.set.add(await this.begin(attached, file, files));
    } catch (error) {
      await attached.release();
      throw error;
    }
    if (this.stopping) this.set.stop();
  }

  private forget({ generations, shown }: RunningPipeline): void {
    const { own, release } = generations.current;
    this.view.live.forget(own.name);
    void Promise.all([release(), shown.letterBox.close()]).catch((err: unknown) => {
      this.log.warn({ err, pipeline: own.name }, "what belonged to the pipeline could not be closed");
    });
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

  private readonly shownOf = ({ current: { own, live, job } }: Generations): ConsolePipeline =>
    consolePipeline(own, live, job, this.log);

  private showAgain(changed: Reloadable): void {
    const pipeline = this.set.all.find(({ generations }) => generations === changed.generations);
    if (!pipeline) return;
    const { letterBox } = pipeline.shown;
    pipeline.shown = this.shownOf(pipeline.generations);
    void letterBox.close().catch((err: unknown) => {
      this.log.warn({ err }, "what looked into the dead letters could not be closed");
    });
  }
}
