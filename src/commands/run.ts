import { join } from "node:path";

import type { Argv } from "yargs";

import { type ConsoleOptions, consoleOption } from "./console-options.ts";
import type { ExitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import { type MarksOptions, marksOption } from "./marks-options.ts";
import { type MetricsOptions, metricsOption } from "./metrics-options.ts";
import { type OtlpOptions, otlpOption } from "./otlp-options.ts";
import { type RateOptions, rateOption } from "./rate-options.ts";
import { type StoreOptions, storeOption } from "./store-options.ts";

export interface RunOptions
  extends GlobalOptions,
    ConsoleOptions,
    MarksOptions,
    MetricsOptions,
    OtlpOptions,
    RateOptions,
    StoreOptions {
  readonly state: string;
  /** A number or `auto`; undefined: this process does the work itself. */
  readonly workers?: string | undefined;
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
          describe:
            "Pipeline files; folders of them, or quoted patterns: what comes to stand there later is run too",
        })
        .option("state", {
          type: "string",
          default: join(".sluice", "state"),
          describe:
            "Folder for what must outlive a crash, so that a message that kills the process is found out",
        })
        .option("workers", {
          type: "string",
          requiresArg: true,
          describe:
            "Run so many processes of the same on one subscription, under one supervisor: a number, or auto for one a core",
        })
        .options(storeOption)
        .options(rateOption)
        .options(marksOption)
        .options(consoleOption)
        .options(metricsOption)
        .options(otlpOption)
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml",
          "One pipeline, until SIGTERM or Ctrl-C drains it",
        )
        .example("$0 run pipelines/", "All pipelines of a folder, those that come later too")
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml --console 127.0.0.1:8787",
          "With the REST API; SLUICE_CONSOLE_TOKEN asks for a token",
        )
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml --metrics 0.0.0.0:9464",
          "With metrics for Prometheus, and /livez, /readyz and /startupz beside them",
        )
        .example(
          "$0 run pipelines/launchdarkly-to-segment.yaml --workers auto --metrics 0.0.0.0:9464",
          "A process for each core; what they are limited to holds for all together",
        )
        .epilogue(
          "Exit codes: 0 drained, 1 failed, 2 invalid definition, 3 gave work back (it comes again).",
        ),
    async (argv) => {
      process.exitCode = await run(argv.pipelines, argv);
    },
  );
}

/** Under a supervisor, as the supervisor, or alone. */
async function run(files: readonly string[], options: RunOptions): Promise<ExitCode> {
  const place = process.env["SLUICE_WORKER"];
  if (place === undefined && options.workers !== undefined) {
    const { supervise } = await import("./run/supervise.ts");
    return supervise(files, options);
  }
  // Before the rest is loaded, which would make it grow.
  const { keepOwnYoungGenerationSmall } = await import("./run/young-generation.ts");
  const release = keepOwnYoungGenerationSmall();
  try {
    const [{ runPipelines }, host] = await Promise.all([
      import("./run/run-pipelines.ts"),
      place === undefined
        ? import("./run/host.ts").then(({ aloneHost }) => aloneHost(options))
        : import("./run/worker-host.ts").then(({ workerHost }) => workerHost(place, options)),
    ]);
    return await runPipelines(files, options, host);
  } finally {
    release();
  }
}
