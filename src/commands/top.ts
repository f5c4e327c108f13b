import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";

export interface TopOptions extends GlobalOptions {
  readonly pipeline: string | undefined;
  readonly pid: number | undefined;
  readonly once: boolean;
  readonly format: "text" | "json" | undefined;
}

export function topCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "top [pipeline]",
    "Watch the pipelines of a running process: rates, lanes, drops, lag",
    (yargs) =>
      yargs
        .positional("pipeline", { type: "string", describe: "Name or file of a pipeline that runs" })
        .option("once", { type: "boolean", default: false, describe: "Say it once and end" })
        .option("format", {
          choices: ["text", "json"] as const,
          describe: "Without the live table: a line a pipeline, or the whole snapshot",
        })
        .option("pid", { type: "number", requiresArg: true, describe: "Which process, when several run" })
        .example("$0 top", "A live table; arrows choose a pipeline, s sorts, q ends")
        .example("$0 top --once --format json", "One snapshot, for a script"),
    async (argv) => {
      const { top } = await import("./top/top.ts");
      process.exitCode = await top(argv);
    },
  );
}
