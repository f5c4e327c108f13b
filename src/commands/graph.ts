import type { Argv } from "yargs";

import { exitCode, type ExitCode } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";
import { placeholderSecrets } from "./placeholder-secrets.ts";
import { type Notation, notations } from "./graph/draw.ts";

export function graphCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "graph <pipeline>",
    "Draw a pipeline: stages, shapes, drops, destinations with their limits, dead letters",
    (yargs) =>
      yargs
        .positional("pipeline", { type: "string", demandOption: true, describe: "Pipeline file" })
        .option("format", {
          choices: notations,
          default: "text" as const,
          describe: "Text for a terminal, Mermaid for Markdown, DOT for Graphviz, SVG for anything else",
        })
        .example(
          "$0 graph pipelines/launchdarkly-to-segment.yaml --format mermaid",
          "For a README or a pull request",
        )
        .example(
          "$0 graph pipelines/launchdarkly-to-segment.yaml --format svg > pipeline.svg",
          "As a picture that needs nothing else, light or dark as the reader's system is",
        ),
    async ({ pipeline, format }) => {
      process.exitCode = await graph(pipeline, format);
    },
  );
}

async function graph(file: string, format: Notation): Promise<ExitCode> {
  const [{ loadOrExplain }, { graphOf }, { draw }] = await Promise.all([
    import("./load.ts"),
    import("./graph/plan.ts"),
    import("./graph/draw.ts"),
  ]);
  const [pipeline] = (await loadOrExplain([file], { env: placeholderSecrets(process.env) })) ?? [];
  if (!pipeline) return exitCode.invalidInput;
  process.stdout.write(`${draw(graphOf(pipeline), format)}\n`);
  return exitCode.done;
}
