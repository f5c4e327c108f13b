#!/usr/bin/env node
// The command line. What a command needs is imported when it runs, so that `--help` is quick.

import { readFileSync } from "node:fs";

import yargs from "yargs";

import { backfillCommand } from "./commands/backfill.ts";
import { deadLettersCommand } from "./commands/dead-letters.ts";
import { demoCommand } from "./commands/demo.ts";
import { deployCommand } from "./commands/deploy.ts";
import { destinationsCommand } from "./commands/destinations.ts";
import { emulateCommand } from "./commands/emulate.ts";
import { exitCode, UsageError } from "./commands/exit-code.ts";
import { explainCommand } from "./commands/explain.ts";
import { graphCommand } from "./commands/graph.ts";
import { newCommand } from "./commands/new.ts";
import { flagsCommand } from "./commands/flags.ts";
import { planCommand } from "./commands/plan.ts";
import { recordCommand } from "./commands/record.ts";
import { runCommand } from "./commands/run.ts";
import { secretsCommand } from "./commands/secrets.ts";
import { seekCommand } from "./commands/seek.ts";
import { tapCommand } from "./commands/tap.ts";
import { testCommand } from "./commands/test.ts";
import { topCommand } from "./commands/top.ts";
import { traceCommand } from "./commands/trace.ts";
import { validateCommand } from "./commands/validate.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

// Google's client looks for a metadata server before it asks an emulator, for a second, and warns.
if (process.env["PUBSUB_EMULATOR_HOST"]) process.env["METADATA_SERVER_DETECTION"] ??= "none";

const cli = yargs(process.argv.slice(2))
  .scriptName("sluice")
  .usage("$0 <command>\n\nMoves LaunchDarkly Data Export events from Pub/Sub or files to Segment.")
  .version(version)
  .option("logLevel", {
    alias: "log-level",
    choices: ["debug", "info", "warn", "error", "silent"] as const,
    default: "info" as const,
    describe: "How much to log, to stderr: JSON lines, or readable ones on a terminal",
  })
  .completion("completion", "Print a script for shell completion (bash, zsh)")
  .demandCommand(1, "Say which command to run.")
  .strict()
  .recommendCommands()
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error, parser) => {
    if (error && !(error instanceof UsageError)) throw error;
    process.stderr.write(`${error ? error.message : message}\n`);
    if (!error)
      process.stderr.write(
        `See: ${parser.parsed === false ? "sluice --help" : "sluice --help, or sluice <command> --help"}\n`,
      );
    process.exit(exitCode.invalidInput);
  });

for (const add of [
  runCommand,
  backfillCommand,
  deadLettersCommand,
  seekCommand,
  destinationsCommand,
  flagsCommand,
  secretsCommand,
  validateCommand,
  testCommand,
  recordCommand,
  topCommand,
  tapCommand,
  traceCommand,
  explainCommand,
  graphCommand,
  planCommand,
  newCommand,
  deployCommand,
  demoCommand,
  emulateCommand,
])
  add(cli);

try {
  await cli.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = exitCode.failed;
}

/** Failures that a person can act on read as one line; anything else is a bug and shows its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "RunError" && "code" in error) return `${String(error.code)}: ${error.message}`;
  return error.stack ?? error.message;
}
