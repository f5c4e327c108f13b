import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";

export interface TapCommandOptions extends GlobalOptions {
  readonly pipeline: string;
  readonly stage: string | undefined;
  readonly where: string | undefined;
  readonly n: number | undefined;
  readonly format: "pretty" | "json" | undefined;
  readonly pid: number | undefined;
}

export function tapCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "tap <pipeline>",
    "Show values between two stages of a running pipeline, as they come by",
    (yargs) =>
      yargs
        .positional("pipeline", {
          type: "string",
          demandOption: true,
          describe: "Name or file of a pipeline that runs",
        })
        .option("stage", {
          type: "string",
          requiresArg: true,
          describe: "Values that leave this stage; the default is the last one before the sinks",
        })
        .option("where", {
          type: "string",
          requiresArg: true,
          describe: "Only values for which this CEL expression is true; it sees what is shown",
        })
        .option("n", { type: "number", requiresArg: true, describe: "End after so many values" })
        .option("format", {
          choices: ["pretty", "json"] as const,
          describe: "json: a line a value; the default when it is not on a terminal",
        })
        .option("pid", { type: "number", requiresArg: true, describe: "Which process, when several run it" })
        .example("$0 tap launchdarkly-to-segment --n 5", "Five events as Segment gets them")
        .example(
          "$0 tap launchdarkly-to-segment --stage avro-decode --where \"event.key == 'checkout'\"",
          "Export events of one flag, before anything was filtered",
        )
        .epilogue(
          "It shows a sample and never slows the pipeline. Secrets, and what a later redact stage takes out, are masked.",
        ),
    async (argv) => {
      const { tap } = await import("./tap/tap.ts");
      process.exitCode = await tap(argv);
    },
  );
}
