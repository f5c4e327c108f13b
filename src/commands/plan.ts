import type { Argv } from "yargs";

import { exitCode, type ExitCode, UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import { placeholderSecrets } from "./placeholder-secrets.ts";
import { type Change, meanings, severities, type Severity } from "./plan/change.ts";

interface PlanOptions {
  readonly old: string;
  readonly changed: string | undefined;
  readonly against: string | undefined;
  readonly format: "text" | "json";
  readonly failOn: Severity | undefined;
}

export function planCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "plan <old> [changed]",
    "Say what a change of a pipeline means: what is lost, comes twice, is read again, looks different",
    (yargs) =>
      yargs
        .positional("old", { type: "string", demandOption: true, describe: "The pipeline as it runs" })
        .positional("changed", { type: "string", describe: "The pipeline as it is to be" })
        .option("against", {
          type: "string",
          describe: "In place of a second file: a revision of git to compare with",
        })
        .option("failOn", {
          alias: "fail-on",
          choices: severities,
          describe: "Exit with 1 when there is something as bad as this, or worse",
        })
        .option("format", {
          choices: ["text", "json"] as const,
          default: "text" as const,
          describe: "How to report",
        })
        .example("$0 plan running.yaml pipelines/mine.yaml", "Two files")
        .example("$0 plan pipelines/mine.yaml --against main --fail-on duplicates", "In a pull request")
        .epilogue(
          `The worst first: ${severities.map((one) => `${one} (${meanings[one]})`).join(", ")}.\nSecrets need not be set; that one changed is not seen. Exit codes: 0 told, 1 --fail-on was met, 2 a definition is not valid.`,
        ),
    async (argv) => {
      process.exitCode = await plan(argv);
    },
  );
}

async function plan({ old, changed, against, format, failOn }: PlanOptions): Promise<ExitCode> {
  if ((changed === undefined) === (against === undefined))
    throw new UsageError("Name a second file, or a revision with --against");
  const [{ loadOrExplain }, { changesOf }] = await Promise.all([
    import("./load.ts"),
    import("./plan/changes.ts"),
  ]);
  const env = placeholderSecrets(process.env);
  const before = await loadOrExplain(
    [old],
    against === undefined ? { env } : { outside: await revision(old, against, env) },
  );
  const after = await loadOrExplain([changed ?? old], { env });
  const [from] = before ?? [];
  const [to] = after ?? [];
  if (!from || !to) return exitCode.invalidInput;
  const changes = changesOf(from, to);
  process.stdout.write(`${format === "json" ? JSON.stringify({ changes }, null, 2) : text(changes)}\n`);
  const worst = failOn === undefined ? -1 : severities.indexOf(failOn);
  return changes.some(({ severity }) => severities.indexOf(severity) <= worst)
    ? exitCode.failed
    : exitCode.done;
}

async function revision(file: string, name: string, env: Readonly<Record<string, string | undefined>>) {
  const [{ gitOutside }, { resolve }] = await Promise.all([
    import("./plan/git-outside.ts"),
    import("node:path"),
  ]);
  return gitOutside(resolve(file), name, env);
}

/** One block for each severity. */
function text(changes: readonly Change[]): string {
  if (changes.length === 0) return "Nothing changes in meaning.";
  return severities
    .filter((one) => changes.some(({ severity }) => severity === one))
    .map((one) => {
      const own = changes.filter(({ severity }) => severity === one);
      return [
        `${one}: ${meanings[one]}`,
        ...own.flatMap(({ where, what, so }) => [`  ${where}: ${what}`, `    ${so}`]),
      ].join("\n");
    })
    .join("\n\n");
}
