import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";

export interface TraceCommandOptions extends GlobalOptions {
  readonly id: string;
  readonly pipeline: string | undefined;
  readonly format: "pretty" | "json" | undefined;
  readonly pid: number | undefined;
}

export function traceCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "trace <id>",
    "Say where one event went and when, as a running process knows it",
    (yargs) =>
      yargs
        .positional("id", {
          type: "string",
          demandOption: true,
          describe: "Pub/Sub message id, the export event's id, or the Segment event's messageId",
        })
        .option("pipeline", {
          type: "string",
          requiresArg: true,
          describe: "Ask only processes that run this one",
        })
        .option("pid", { type: "number", requiresArg: true, describe: "Ask only this process" })
        .option("format", {
          choices: ["pretty", "json"] as const,
          describe: "The default is pretty on a terminal",
        })
        .example("$0 trace 7dcee530-9d6f-11e5-9a2e-5f1d4a3f2c11", "By the export event's id")
        .example("$0 trace ld-qm8l3o… --format json", "By the messageId in Segment")
        .epilogue(
          "Exit codes: 0 found, 1 not found. The index is bounded: the answer says how far back it reaches.",
        ),
    async (argv) => {
      const { trace } = await import("./trace/trace.ts");
      process.exitCode = await trace({ ...argv, id: String(argv.id) });
    },
  );
}
