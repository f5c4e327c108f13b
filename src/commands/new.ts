import type { Argv } from "yargs";

import { exitCode, UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import type { Scaffold } from "./new/write-files.ts";

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_NAME_CHARACTERS = 63;

export function newCommand(cli: Argv<GlobalOptions>): void {
  cli.command("new <what>", "Begin a pipeline or a stage of your own from a template", (yargs) =>
    yargs
      .command(
        "pipeline <name>",
        "Write <folder>/<name>.yaml, ready for sluice validate",
        (inner) =>
          inner
            .positional("name", {
              type: "string",
              demandOption: true,
              describe: "Lower-case words with dashes",
            })
            .option("source", {
              choices: ["pubsub", "file"] as const,
              default: "pubsub" as const,
              describe: "Where records come from",
            })
            .option("folder", { type: "string", default: "pipelines", describe: "Where the file is written" })
            .example("$0 new pipeline checkout-events", "pipelines/checkout-events.yaml, from Pub/Sub"),
        async ({ name, source, folder }) => {
          const { pipelineScaffold } = await import("./new/pipeline.ts");
          await write(await pipelineScaffold({ name: checked(name), source, folder }));
        },
      )
      .command(
        "stage <name>",
        "Write a transform and its test into a clone of Sluice, and register it",
        (inner) =>
          inner
            .positional("name", {
              type: "string",
              demandOption: true,
              describe: "A verb first, lower-case words with dashes: mark-region",
            })
            .example(
              "$0 new stage mark-region",
              "src/transforms/mark-region.ts, its test, and a line in src/registry.ts",
            ),
        async ({ name }) => {
          const { stageScaffold } = await import("./new/stage.ts");
          await write(await stageScaffold(checked(name)));
        },
      )
      .demandCommand(1, "Say what to begin: pipeline or stage."),
  );
}

function checked(name: string): string {
  if (NAME.test(name) && name.length <= MAX_NAME_CHARACTERS) return name;
  throw new UsageError(
    `${JSON.stringify(name.slice(0, 80))} cannot be a name: lower-case words joined by dashes, such as mark-region`,
  );
}

async function write(scaffold: Scaffold): Promise<void> {
  const { writeFiles } = await import("./new/write-files.ts");
  for (const line of await writeFiles(scaffold)) process.stdout.write(`${line}\n`);
  process.exitCode = exitCode.done;
}
