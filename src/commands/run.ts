import { join, resolve } from "node:path";

import type { Argv } from "yargs";

import type { Metrics } from "../engine/metrics.ts";
import type { ConsolePipeline } from "../console/console-world.ts";
import { type ConsoleOptions, consoleOption } from "./console-options.ts";
import { exitCode, type ExitCode } from "./exit-code.ts";
import type { Job } from "./job.ts";
import type { GlobalOptions } from "./global-options.ts";
import { type StoreOptions, storeOption } from "./store-options.ts";

interface RunOptions extends GlobalOptions, ConsoleOptions, StoreOptions {
  readonly state: string;
}

export function runCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "run <pipelines..>",
    "Run pipelines until they are stopped",
    (yargs) =>
      yargs
        .positional("pipelines", {
          type: "string",
          array: true,
          demandOption: true,
          describe: "Pipeline files",
        })
        .option("state", {
          type: "string",
          default: join(".sluice", "state"),
          describe:
            "Folder for what must outlive a crash, so that a message that kills the process is found out",
        })
        .options(storeOption)
        .options(consoleOption)
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml",
          "One pipeline, until SIGTERM or Ctrl-C drains it",
        )
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml --console 127.0.0.1:8787",
          "With the REST API; SLUICE_CONSOLE_TOKEN asks for a token",
        )
        .epilogue(
          "Exit codes: 0 drained, 1 failed, 2 invalid definition, 3 gave work back (it comes again).",
        ),
    async (argv) => {
      process.exitCode = await runPipelines(argv.pipelines, argv);
    },
  );
}

async function runPipelines(files: readonly string[], options: RunOptions): Promise<ExitCode> {
  const [
    { loadOrExplain },
    { createLog },
    { startJob },
    { onStopSignal },
    { openStore, openStoreIfAny },
    { liveSettings },
    { consoleFor, consolePipeline },
    { SeenFlags },
  ] = await Promise.all([
    import("./load.ts"),
    import("./logger.ts"),
    import("./job.ts"),
    import("./signals.ts"),
    import("./settings-store.ts"),
    import("./live-settings.ts"),
    import("./console.ts"),
    import("../console/seen-flags.ts"),
  ]);
  const pipelines = await loadOrExplain(files);
  if (!pipelines) return exitCode.invalidInput;
  const open = options.console === undefined ? await openStoreIfAny(options) : await openStore(options);
  const scrubbers = [...pipelines, ...(open ? [open] : [])].map(({ scrubber }) => scrubber);
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers });

  // Before anything is taken in: a stop asked for while the pipelines start is a stop like any other.
  const jobs: Job[] = [];
  let stopping = false;
  const stateDir = resolve(options.state);
  const settings = liveSettings(open, { log, stateDir });
  const release = onStopSignal((signal) => {
    stopping = true;
    settings.stopWaiting();
    log.info({ signal }, "stopping: draining what is in flight");
    for (const { run } of jobs) run.stop();
  });
  const giveUp = async (error: unknown): Promise<never> => {
    release();
    await settings.close();
    throw error;
  };
  const seenFlags = new SeenFlags();
  const shown: ConsolePipeline[] = [];
  const pipelinesNow = () => shown;
  const console =
    open && (await consoleFor({ options, open, log, seenFlags, pipelines: pipelinesNow }).catch(giveUp));
  settings.follow(jobs);
  const closeAll = async () => {
    release();
    await console?.close();
    await settings.close();
  };
  const attached = await Promise.all(pipelines.map((pipeline) => settings.attach(pipeline)));
  if (stopping) {
    await closeAll();
    return exitCode.done;
  }
  const starts = await Promise.allSettled(
    attached.map(async ({ own, live }) => {
      const observer = console ? seenFlags : undefined;
      const job = await startJob(live, { log, observer, stateDir });
      shown.push(consolePipeline(own, live, job));
      return job;
    }),
  );
  for (const start of starts) if (start.status === "fulfilled") jobs.push(start.value);
  const failure = starts.find((start) => start.status === "rejected");
  if (failure) {
    await stopAll(jobs);
    await closeAll();
    throw failure.reason;
  }
  if (stopping) for (const { run } of jobs) run.stop();
  for (const { name, file } of pipelines) log.info({ pipeline: name, file }, "running");
  const results = await Promise.all(
    jobs.map(async ({ run }, index) => {
      const result = await run.done;
      // One pipeline that fails does not go unnoticed behind others that run on.
      if (result.state === "failed") for (const other of jobs) other.run.stop();
      const level = result.state === "failed" ? "error" : "info";
      const err = result.error;
      log[level](
        {
          pipeline: pipelines[index]!.name,
          gaveBack: result.gaveBack,
          counts: countsOf(jobs[index]!.metrics),
          ...(err ? { err } : {}),
        },
        result.state,
      );
      return result;
    }),
  );
  await closeAll();
  if (results.some(({ state }) => state === "failed")) return exitCode.failed;
  return results.some(({ gaveBack }) => gaveBack > 0) ? exitCode.gaveBack : exitCode.done;
}

/** One that cannot start keeps none of the others running unseen. */
async function stopAll(jobs: readonly Job[]): Promise<void> {
  for (const { run } of jobs) run.stop();
  await Promise.all(jobs.map(({ run }) => run.done));
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
