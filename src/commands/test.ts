import type { Argv } from "yargs";

import { UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";

const EVERY_TEST = "pipelines/*.test.yaml";
const HERE = "*.test.yaml";

export function testCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "test [files..]",
    "Run pipeline tests: given records, a scripted Segment, expected events, drops, dead letters, requests",
    (yargs) =>
      yargs
        .positional("files", {
          type: "string",
          array: true,
          describe: `Test files; ${EVERY_TEST}, else ${HERE}, when none is named`,
        })
        .option("update", {
          type: "boolean",
          default: false,
          describe:
            "Rewrite what the failed cases expect into what came; look at the change before you keep it",
        })
        .option("watch", {
          type: "boolean",
          default: false,
          describe: "Run again whenever a file changes",
        })
        .option("format", {
          choices: ["text", "junit", "json"] as const,
          default: "text" as const,
          describe: "For people, for build servers, for programs",
        })
        .check(({ watch, update, format }) => {
          if (watch && (update || format !== "text"))
            throw new UsageError("--watch goes with neither --update nor --format");
          return true;
        })
        .example("$0 test", "Every test in the folder pipelines; no network, a virtual clock, milliseconds")
        .example("$0 test --update", "Write what came of it into the test files, comments kept")
        .example("$0 test --format junit > results.xml", "For a build server")
        .epilogue("Exit codes: 0 all passed (or were updated), 1 a case failed, 2 a file is not valid."),
    async ({ files, update, watch, format }) => {
      const { runTests, watchTests } = await import("./test/run-tests.ts");
      const find = () => testFiles(files ?? []);
      if (watch) await watchTests(find);
      else process.exitCode = await runTests(await find(), { update, format });
    },
  );
}

async function testFiles(given: readonly string[]): Promise<readonly string[]> {
  if (given.length > 0) return given;
  const { glob } = await import("tinyglobby");
  for (const pattern of [EVERY_TEST, HERE]) {
    const found = await glob([pattern]);
    if (found.length > 0) return found.sort();
  }
  throw new UsageError(`There is no ${EVERY_TEST} and no ${HERE}; name the files`);
}
