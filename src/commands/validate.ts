import { relative } from "node:path";

import type { Argv } from "yargs";

import { exitCode, type ExitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";

interface ValidateOptions extends GlobalOptions {
  readonly files: string[];
  readonly format: "text" | "json";
  readonly probe: boolean;
}

export function validateCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "validate <files..>",
    "Check pipeline files and say everything that is wrong with them",
    (yargs) =>
      yargs
        .positional("files", { type: "string", array: true, demandOption: true, describe: "Pipeline files" })
        .option("format", {
          choices: ["text", "json"] as const,
          default: "text" as const,
          describe: "How to report",
        })
        .option("probe", {
          type: "boolean",
          default: false,
          describe: "Also ask every destination whether it would accept",
        })
        .example("$0 validate pipelines/*.yaml", "Everything wrong at once, as file:line:col code message")
        .epilogue("Exit codes: 0 all valid, 1 a probe failed, 2 problems found."),
    async (argv) => {
      process.exitCode = await validate(argv);
    },
  );
}

async function validate({ files, format, probe, logLevel }: ValidateOptions): Promise<ExitCode> {
  const [{ loadPipeline }, { formatProblems }, { realOutside }, { declaredFiles }, { registry }] =
    await Promise.all([
      import("../config/load.ts"),
      import("../config/report.ts"),
      import("../config/outside.ts"),
      import("../config/declared.ts"),
      import("../registry.ts"),
    ]);
  const color = process.stdout.isTTY && !process.env["NO_COLOR"];
  const options = { registry, outside: realOutside(process.env), declared: declaredFiles };
  const results = await Promise.all(files.map((file) => loadPipeline(file, options)));
  const all = results.flatMap((result) => ("problems" in result ? result.problems : []));
  const loaded = results.flatMap((result) => ("pipeline" in result ? [result.pipeline] : []));
  if (format === "json") process.stdout.write(`${formatProblems(all, { format })}\n`);
  else {
    for (const result of results) {
      if ("problems" in result) {
        process.stdout.write(
          `${formatProblems(result.problems, { format, color, sources: result.sources })}\n`,
        );
      } else process.stdout.write(`${relative("", result.pipeline.file) || result.pipeline.file}: valid\n`);
    }
    if (all.length > 0) process.stdout.write(`${all.length} ${all.length === 1 ? "problem" : "problems"}\n`);
  }
  if (all.length > 0) return exitCode.invalidInput;
  if (!probe) return exitCode.done;
  const { probeAll } = await import("./probe.ts");
  return (await probeAll(loaded, logLevel)) ? exitCode.done : exitCode.failed;
}
