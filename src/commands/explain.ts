import type { Argv } from "yargs";

import { exitCode, UsageError } from "./exit-code.ts";
import type { GlobalOptions } from "./global-options.ts";

export function explainCommand(cli: Argv<GlobalOptions>): void {
  cli.command(
    "explain [code]",
    "Say what a code means, what Sluice does about it and what you can do",
    (yargs) =>
      yargs
        .positional("code", {
          type: "string",
          describe:
            "From validate, a dead letter, a drop, a log line or an exit; without it, all codes are listed",
        })
        .example("$0 explain shape-mismatch", "A problem of a definition")
        .example("$0 explain http-403", "An answer of Segment"),
    async ({ code }) => {
      await explain(code);
    },
  );
}

async function explain(code: string | undefined): Promise<void> {
  const [{ allPages, pagesFor }, { pageText, listText }, { registry }] = await Promise.all([
    import("./explain/pages.ts"),
    import("./explain/text.ts"),
    import("../registry.ts"),
  ]);
  const color = process.stdout.isTTY && !process.env["NO_COLOR"];
  if (code === undefined) return print(listText(allPages(registry)));
  const pages = pagesFor(code, registry);
  if (pages.length === 0) {
    const { suggest } = await import("../config/suggest.ts");
    const guess = suggest(code, new Set(allPages(registry).map((page) => page.code)));
    const hint = guess === undefined ? "`sluice explain` lists all" : `did you mean ${guess}?`;
    throw new UsageError(`There is no code ${JSON.stringify(code.slice(0, 60))}; ${hint}`);
  }
  print(pages.map((page) => pageText({ ...page, code }, color)).join("\n\n"));
  process.exitCode = exitCode.done;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
