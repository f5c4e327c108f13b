import type { Argv } from "yargs";

import { exitCode, type ExitCode, UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";

const EVERY_TEST = "pipelines/*.test.yaml";

export function testCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "test [files..]",
    "Run pipeline tests: given records, a scripted Segment, expected events, drops, dead letters, requests",
    (yargs) =>
      yargs
        .positional("files", {
          type: "string",
          array: true,
          describe: `Test files; ${EVERY_TEST} when none is named`,
        })
        .example("$0 test", "Every test in the folder pipelines; no network, a virtual clock, milliseconds")
        .epilogue("Exit codes: 0 all passed, 1 a case failed, 2 a file is not valid."),
    async ({ files }) => {
      process.exitCode = await test(files ?? []);
    },
  );
}

async function test(given: readonly string[]): Promise<ExitCode> {
  const [{ runTestFile }, { formatProblems }, { glob }] = await Promise.all([
    import("./test/run-file.ts"),
    import("../config/report.ts"),
    import("tinyglobby"),
  ]);
  const files = given.length > 0 ? given : (await glob([EVERY_TEST])).sort();
  if (files.length === 0) throw new UsageError(`There is no ${EVERY_TEST}; name the files`);
  const color = process.stdout.isTTY && !process.env["NO_COLOR"];
  let passed = 0;
  let failed = 0;
  let invalid = 0;
  for (const file of files) {
    const result = await runTestFile(file);
    if ("problems" in result) {
      invalid += 1;
      print(formatProblems(result.problems, { format: "text", color, sources: result.sources }));
      continue;
    }
    for (const { name, differences } of result.cases) {
      print(`${differences.length === 0 ? "ok  " : "FAIL"} ${file}: ${name}`);
      for (const line of differences) print(`       ${line}`);
      if (differences.length === 0) passed += 1;
      else failed += 1;
    }
  }
  print(`${passed} passed, ${failed} failed${invalid > 0 ? `, ${invalid} not valid` : ""}`);
  if (invalid > 0) return exitCode.invalidInput;
  return failed > 0 ? exitCode.failed : exitCode.done;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
