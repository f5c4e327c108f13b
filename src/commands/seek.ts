import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";
import { rateOption } from "./rate-options.ts";

export function seekCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "seek <pipeline>",
    "Move a pipeline's subscription back (or on), so that messages come again",
    (yargs) =>
      yargs
        .positional("pipeline", { type: "string", demandOption: true, describe: "Pipeline file" })
        .option("to", {
          type: "string",
          demandOption: true,
          describe: "A time (2026-11-23T08:00:00Z), how long ago (90m, 6h, 2d) or the name of a snapshot",
        })
        .option("yes", { type: "boolean", default: false, describe: "Do it without asking" })
        .option("dry-run", { type: "boolean", default: false, describe: "Only tell what would come again" })
        .options({
          rateStore: {
            ...rateOption.rateStore,
            describe:
              "Where delivered marks are kept (run --delivered-marks-minutes): all are forgotten, or what has one would not be sent again (or SLUICE_RATE_STORE)",
          },
        })
        .example(
          "$0 seek pipelines/launchdarkly-to-segment.yaml --to 6h --dry-run",
          "What a replay would bring",
        )
        .example(
          "$0 seek pipelines/launchdarkly-to-segment.yaml --to before-deploy --yes",
          "Back to a snapshot",
        )
        .epilogue(
          "Needs pubsub.subscriptions.get and .consume, for a snapshot pubsub.snapshots.get and .seek. Exit codes: " +
            "0 done, 1 refused or failed, 2 wrong command line or definition.",
        ),
    async (argv) => {
      const { seek } = await import("./seek/seek.ts");
      process.exitCode = await seek(argv);
    },
  );
}
