import type { Argv } from "yargs";

import type { Metrics } from "../engine/metrics.ts";
import { exitCode, type ExitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";

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
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml",
          "One pipeline, until SIGTERM or Ctrl-C drains it",
        )
        .epilogue(
          "Exit codes: 0 drained, 1 failed, 2 invalid definition, 3 gave work back (it comes again).",
        ),
    async (argv) => {
      process.exitCode = await runPipelines(argv.pipelines, argv);
    },
  );
}

async function runPipelines(files: readonly string[], options: GlobalOptions): Promise<ExitCode> {
  const [{ loadOrExplain }, { createLog }, { startJob }, { onStopSignal }] = await Promise.all([
    import("./load.ts"),
    import("./logger.ts"),
    import("./job.ts"),
    import("./signals.ts"),
  ]);
  const pipelines = await loadOrExplain(files);
  if (!pipelines) return exitCode.invalidInput;
  const scrubbers = pipelines.map(({ scrubber }) => scrubber);
  const log = await createLog({ level: options.logLevel, pretty: process.stderr.isTTY, scrubbers });

  const jobs = await Promise.all(pipelines.map((pipeline) => startJob(pipeline, { log })));
  const release = onStopSignal((signal) => {
    log.info({ signal }, "stopping: draining what is in flight");
    for (const { run } of jobs) run.stop();
  });
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
  release();
  if (results.some(({ state }) => state === "failed")) return exitCode.failed;
  return results.some(({ gaveBack }) => gaveBack > 0) ? exitCode.gaveBack : exitCode.done;
}

/** The books of a whole run, in its last line: what came in is what went out. */
function countsOf(metrics: Metrics): Readonly<Record<string, number>> {
  return {
    received: metrics.total("records_received_total"),
    acked: metrics.total("records_acked_total"),
    givenBack: metrics.total("records_given_back_total"),
    values: metrics.total("values_total"),
    delivered: metrics.total("sink_events_delivered_total"),
    dropped: metrics.total("dropped_total"),
    deadLettered: metrics.total("dead_letters_total"),
  };
}
