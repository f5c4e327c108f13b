import type { Argv } from "yargs";

import { type Problem, problemLine } from "../config/problem.ts";
import { type ReportFormat, reportFormats } from "../config/report.ts";
import { exitCode, type ExitCode, UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import { placeholderSecrets } from "./placeholder-secrets.ts";

interface ValidateOptions extends GlobalOptions {
  readonly files: string[];
  readonly format: ReportFormat;
  readonly probe: boolean;
  readonly withoutSecrets: boolean;
}

export function validateCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "validate <files..>",
    "Check pipeline files and say everything that is wrong with them",
    (yargs) =>
      yargs
        .positional("files", {
          type: "string",
          array: true,
          demandOption: true,
          describe: "Pipeline files, folders of them, or quoted patterns",
        })
        .option("format", {
          choices: reportFormats,
          default: "text" as const,
          describe: "How to report: for people, programs, GitHub annotations, code scanning",
        })
        .option("probe", {
          type: "boolean",
          default: false,
          describe: "Also ask every destination whether it would accept",
        })
        .option("withoutSecrets", {
          alias: "without-secrets",
          type: "boolean",
          default: false,
          describe: "Variables named like a secret need not be set: for pull requests",
        })
        .example("$0 validate pipelines/*.yaml", "Everything wrong at once, as file:line:col code message")
        .example(
          "$0 validate pipelines/*.yaml --format github",
          "Annotations in a pull request, from GitHub Actions",
        )
        .epilogue(
          "`sluice explain CODE` says more about a code. Exit codes: 0 all valid, 1 a probe failed, 2 problems found.",
        ),
    async (argv) => {
      process.exitCode = await validate(argv);
    },
  );
}

async function validate(given: ValidateOptions): Promise<ExitCode> {
  const { format, probe, logLevel, withoutSecrets } = given;
  if (probe && withoutSecrets)
    throw new UsageError("--probe needs the secrets that --without-secrets does without");
  const [
    { namedFiles },
    { validateFile },
    { formatProblems },
    { realOutside },
    { declaredFiles },
    { registry },
  ] = await Promise.all([
    import("./pipeline-files.ts"),
    import("../config/validate.ts"),
    import("../config/report.ts"),
    import("../config/outside.ts"),
    import("../config/declared.ts"),
    import("../registry.ts"),
  ]);
  const files = await namedFiles(given.files);
  if (files.length === 0) throw new UsageError(`there is no YAML file in ${given.files.join(", ")}`);
  const color = process.stdout.isTTY && !process.env["NO_COLOR"];
  const env = withoutSecrets ? placeholderSecrets(process.env) : process.env;
  const options = { registry, outside: realOutside(env), declared: declaredFiles };
  const results = await Promise.all(files.map((file) => validateFile(file, options)));
  const seen = new Set<string>();
  // Pipelines share their destinations: what is wrong there is told once.
  const isNew = (problem: Problem) => !seen.has(problemLine(problem)) && seen.add(problemLine(problem));
  const fresh = results.map(({ problems, warnings }) => [...problems, ...warnings].filter(isNew));
  const told = fresh.flat();
  const all = told.filter(({ severity }) => severity === undefined);
  if (format !== "text") {
    const report = formatProblems(told, { format });
    if (report !== "") process.stdout.write(`${report}\n`);
  } else {
    for (const [i, { kind, problems, warnings, sources }] of results.entries()) {
      if (problems.length === 0) process.stdout.write(`${files[i]}: valid ${kind} file\n`);
      if (problems.length + warnings.length === 0) continue;
      if (fresh[i]!.length === 0) process.stdout.write(`${files[i]}: the same problems as above\n`);
      else process.stdout.write(`${formatProblems(fresh[i]!, { format, color, sources })}\n`);
    }
    if (all.length > 0) process.stdout.write(`${all.length} ${all.length === 1 ? "problem" : "problems"}\n`);
  }
  if (all.length > 0) return exitCode.invalidInput;
  if (!probe) return exitCode.done;
  const pipelines = files.filter((_, i) => results[i]?.kind === "pipeline");
  const [{ probeAll }, { loadOrExplain }] = await Promise.all([import("./probe.ts"), import("./load.ts")]);
  const loaded = await loadOrExplain(pipelines);
  return loaded && (await probeAll(loaded, logLevel)) ? exitCode.done : exitCode.failed;
}
