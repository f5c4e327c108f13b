import type { Argv } from "yargs";

import type { GlobalOptions } from "./global-options.ts";
import { type ShardOptions, shardOption } from "./backfill/shard-of.ts";
import { type MetricsOptions, metricsOption } from "./metrics-options.ts";
import { type OtlpOptions, otlpOption } from "./otlp-options.ts";
import { type RateOptions, rateOption } from "./rate-options.ts";
import { type StoreOptions, storeOption } from "./store-options.ts";

export interface BackfillOptions
  extends GlobalOptions,
    MetricsOptions,
    OtlpOptions,
    RateOptions,
    ShardOptions,
    StoreOptions {
  readonly pipeline: string;
  readonly from: string[] | undefined;
  readonly to: string | undefined;
  readonly state: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly limit: number | undefined;
  readonly workers: number;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly status: boolean;
  readonly format: "text" | "json";
  readonly onDamage: "fail" | "skip-block" | "dead-letter-block";
}

export function backfillCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "backfill <pipeline>",
    "Run a pipeline over files instead of its source, then end",
    (yargs) =>
      yargs
        .positional("pipeline", { type: "string", demandOption: true, describe: "Pipeline file" })
        .option("from", {
          type: "string",
          array: true,
          describe:
            "Files, folders or globs, also gs://bucket/…: NDJSON, .gz, Avro containers, Pub/Sub archives",
        })
        .option("to", { type: "string", describe: "In place of the sink: file:out.ndjson or stdout" })
        .option("state", {
          type: "string",
          describe:
            "Folder of the checkpoint; the default is one per pipeline and --to below .sluice/backfill",
        })
        .options(shardOption)
        .option("status", {
          type: "boolean",
          default: false,
          describe:
            "Show how far the backfill of this --state is, shard by shard and in sum, and send nothing",
        })
        .option("format", {
          choices: ["text", "json"] as const,
          default: "text" as const,
          describe: "Of --status",
        })
        .options(storeOption)
        .options(rateOption)
        .options(metricsOption)
        .options(otlpOption)
        .option("since", { type: "string", describe: "Only events from this time on (ISO 8601)" })
        .option("until", { type: "string", describe: "Only events before this time (ISO 8601)" })
        .option("limit", { type: "number", describe: "Read at most this many events" })
        .option("workers", {
          type: "number",
          default: 0,
          describe:
            "Threads that decode, map and encode Avro data and JSON lines, besides the one that reads, sends and settles",
        })
        .option("dry-run", {
          type: "boolean",
          default: false,
          describe: "Do everything but send: nothing is written, no checkpoint is kept",
        })
        .option("force", {
          type: "boolean",
          default: false,
          describe: "Go on although the pipeline or a file changed since the checkpoint",
        })
        .option("on-damage", {
          choices: ["fail", "skip-block", "dead-letter-block"] as const,
          default: "fail" as const,
          describe: "At a damaged part of a file: end, pass over it, or pass over it and keep its beginning",
        })
        .example(
          "$0 backfill pipelines/launchdarkly-to-segment.yaml --from 'archive/**/*.avro'",
          "Send an archive; run it again to go on where it stopped",
        )
        .example(
          "$0 backfill pipelines/launchdarkly-to-segment.yaml --from events.ndjson.gz --to stdout --limit 10",
          "Look at ten events as Segment would get them",
        )
        .example(
          "$0 backfill pipelines/launchdarkly-to-segment.yaml --from '/archive/**' --state /shared/state --shard 3/8",
          "One of eight processes, on one machine or several, each with its part of the files",
        )
        .example(
          "$0 backfill pipelines/launchdarkly-to-segment.yaml --state /shared/state --status",
          "How far the eight are (exit code 0: all done, 3: not yet)",
        )
        .epilogue(
          "Exit codes: 0 all delivered, 1 failed, 2 invalid input, 3 stopped early (run it again to go on).",
        ),
    async (argv) => {
      const { backfill } = await import("./backfill/backfill.ts");
      process.exitCode = await backfill(argv);
    },
  );
}
