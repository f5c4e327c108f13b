import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";

export interface DemoOptions extends GlobalOptions {
  readonly pipeline: string;
  readonly rate: number;
  readonly seconds: number | undefined;
  readonly seed: number;
  readonly console: string;
}

/** The shipped pipeline, found from the installed package. */
export const SHIPPED_PIPELINE = "pipelines/launchdarkly-to-segment.yaml";

export function demoCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "demo",
    "Run a pipeline on a local Pub/Sub and a local Segment with sample events, and show what flows",
    (yargs) =>
      yargs
        .option("pipeline", { type: "string", default: SHIPPED_PIPELINE, describe: "Pipeline file" })
        .option("rate", { type: "number", default: 200, describe: "Sample events published per second" })
        .option("seconds", {
          type: "number",
          describe: "Stop after this long; off a terminal the default is 15",
        })
        .option("console", {
          type: "string",
          default: "127.0.0.1:8787",
          describe: "Where to serve the REST API and console; another port when it is taken",
        })
        .option("seed", { type: "number", default: 1, describe: "The same seed gives the same events" })
        .example(
          "$0 demo",
          "A live table on a terminal, a line a second otherwise; Ctrl-C drains and sums up",
        ),
    async (argv) => {
      const { demo } = await import("./demo/demo.ts");
      process.exitCode = await demo(argv);
    },
  );
}
