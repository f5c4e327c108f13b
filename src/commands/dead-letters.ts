import type { Argv } from "yargs";

import type { FilterOptions } from "./dead-letters/filter.ts";
import type { GlobalOptions } from "./global-options.ts";
import { type StoreOptions, storeOption } from "./store-options.ts";

export interface DeadLetterOptions extends GlobalOptions, FilterOptions {
  readonly pipeline?: string | undefined;
  readonly from?: readonly string[] | undefined;
}

export interface ViewOptions extends DeadLetterOptions {
  /** Undefined: NDJSON unless stdout is a terminal. */
  readonly json?: boolean | undefined;
}

export interface ListOptions extends ViewOptions {
  readonly all: boolean;
  readonly limit: number;
}

export interface ShowOptions extends ViewOptions {
  readonly letter: string;
}

export interface RedriveOptions extends DeadLetterOptions, StoreOptions {
  readonly pipeline: string;
  readonly dryRun: boolean;
}

const DEFAULT_LIMIT = 100;

export function deadLettersCommand(cli: Argv<GlobalOptions>): void {
  cli.command("dead-letters", "Look at dead letters, and send them through again", (yargs) => {
    list(yargs);
    show(yargs);
    stats(yargs);
    redrive(yargs);
    return yargs.demandCommand(1, "Say what to do: list, show, stats or redrive.");
  });
}

function list(cli: Argv<GlobalOptions>): void {
  cli.command(
    "list [pipeline]",
    "One line for each letter that waits, the newest last",
    (yargs) =>
      withJson(withFilters(withPipeline(yargs)))
        .option("all", {
          type: "boolean",
          default: false,
          describe: "Also those that were redriven, and repetitions",
        })
        .option("limit", {
          type: "number",
          default: DEFAULT_LIMIT,
          describe: "Most rows of the table; the newest are shown",
        })
        .example(
          "$0 dead-letters list pipelines/launchdarkly-to-segment.yaml --code http-400",
          "What Segment refused",
        )
        .example(
          "$0 dead-letters list --from /var/lib/sluice/dead-letters --json | jq .message",
          "For programs",
        ),
    async (argv) => {
      const { listLetters } = await import("./dead-letters/list.ts");
      process.exitCode = await listLetters(argv);
    },
  );
}

function show(cli: Argv<GlobalOptions>): void {
  cli.command(
    "show <letter> [pipeline]",
    "One letter in full, its body decoded",
    (yargs) =>
      withJson(
        withFilters(
          withPipeline(
            yargs.positional("letter", {
              type: "string",
              demandOption: true,
              describe: "Its id, or its place as list shows it (file:line)",
            }),
          ),
        ),
      ).example(
        "$0 dead-letters show 14632719372611 pipelines/launchdarkly-to-segment.yaml",
        "By Pub/Sub message id",
      ),
    async (argv) => {
      const { showLetter } = await import("./dead-letters/show.ts");
      process.exitCode = await showLetter(argv);
    },
  );
}

function stats(cli: Argv<GlobalOptions>): void {
  cli.command(
    "stats [pipeline]",
    "Counts by code, stage and destination, with the first and last time",
    (yargs) =>
      withJson(withFilters(withPipeline(yargs))).example(
        "$0 dead-letters stats pipelines/launchdarkly-to-segment.yaml --since 2026-11-01",
        "What went wrong this month",
      ),
    async (argv) => {
      const { letterStats } = await import("./dead-letters/stats.ts");
      process.exitCode = await letterStats(argv);
    },
  );
}

function redrive(cli: Argv<GlobalOptions>): void {
  cli.command(
    "redrive <pipeline>",
    "Send letters through the pipeline again, to the destinations that missed the event",
    (yargs) =>
      withFilters(
        withFrom(
          yargs.positional("pipeline", { type: "string", demandOption: true, describe: "Pipeline file" }),
        ),
      )
        .options(storeOption)
        .option("dry-run", {
          type: "boolean",
          default: false,
          describe: "Do everything but send: nothing is written, nothing is marked",
        })
        .example(
          "$0 dead-letters redrive pipelines/launchdarkly-to-segment.yaml --dry-run",
          "What would become of them",
        )
        .example(
          "$0 dead-letters redrive pipelines/launchdarkly-to-segment.yaml --destination segment-production",
          "Send what one destination missed; run it again to go on where it stopped",
        )
        .epilogue(
          "What fails again gets a new letter. Letters with code crash-loop are redriven only with --code crash-loop.\n\n" +
            "Exit codes: 0 all dealt with, 1 failed, 2 invalid input, 3 some letters still wait, new ones included.",
        ),
    async (argv) => {
      const { redriveLetters } = await import("./dead-letters/redrive.ts");
      process.exitCode = await redriveLetters(argv);
    },
  );
}

function withPipeline<T>(yargs: Argv<T>) {
  return withFrom(
    yargs.positional("pipeline", { type: "string", describe: "Pipeline file whose dead letters to look at" }),
  );
}

function withFrom<T>(yargs: Argv<T>) {
  return yargs.option("from", {
    ...repeatable,
    describe: "A file of letters or a folder of such files, in place of the pipeline's",
  });
}

function withJson<T>(yargs: Argv<T>) {
  return yargs.option("json", {
    type: "boolean",
    describe: "One JSON document per line; the default off a terminal",
  });
}

function withFilters<T>(yargs: Argv<T>) {
  return yargs
    .option("code", { ...repeatable, describe: "Only this code; may be repeated, as the next four" })
    .option("stage", { ...repeatable, describe: "Only what failed in this stage" })
    .option("destination", { ...repeatable, describe: "Only what this destination missed" })
    .option("id", { ...repeatable, describe: "Only the record with this id" })
    .option("pipeline-name", {
      ...repeatable,
      describe: "Only letters that name this pipeline; the default is the pipeline's own name",
    })
    .option("since", {
      type: "string",
      requiresArg: true,
      describe: "Only what failed from this time on (ISO 8601)",
    })
    .option("until", {
      type: "string",
      requiresArg: true,
      describe: "Only what failed before this time (ISO 8601)",
    });
}

/** Not `array`: that would take the words after it too, and with them the pipeline. */
const repeatable = {
  type: "string",
  requiresArg: true,
  coerce: (given: string | readonly string[] | undefined): readonly string[] | undefined =>
    given === undefined ? undefined : [given].flat(),
} as const;
