// A page of docs/, as the tests see it: the files it writes and the commands it runs, in order, and its links.
//
//   a fence with a first line `# file: path`   writes that file, below the page's own empty folder
//   ```console                                 `$ sluice …` runs; the lines below it have to be in what it prints
//   `$ sluice … # exits 1`                     it ends with that code, not with 0
//   `$ sluice … &`                             it goes on running to the end of the page

export type Step =
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  | {
      readonly kind: "command";
      readonly args: readonly string[];
      readonly exits: number;
      readonly isBackground: boolean;
      readonly shows: readonly string[];
    };

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function stepsOf(markdown: string): Step[] {
  return [...markdown.matchAll(FENCE)].flatMap(([, language, body]): Step[] => {
    const [first = "", ...rest] = (body ?? "").split("\n");
    const path = /^# file: (\S+)$/.exec(first)?.[1];
    if (path !== undefined) return [{ kind: "file", path, text: rest.join("\n") }];
    return language === "console" ? commandsOf(body ?? "") : [];
  });
}

/** Fences that a reader could take for an example, but no test runs. */
export function untested(markdown: string): string[] {
  return [...markdown.matchAll(FENCE)]
    .filter(([, language, body]) => {
      if (language === "yaml" || language === "ndjson") return !body?.startsWith("# file: ");
      return language !== "console" && /^\s*\$?\s*(npx )?sluice /m.test(body ?? "");
    })
    .map(([, , body]) => body ?? "");
}

function commandsOf(body: string): Step[] {
  const steps: Step[] = [];
  for (const line of body.trimEnd().split("\n")) {
    const command = /^\$ sluice (.*?)( &)?(?: # exits (\d))?$/.exec(line);
    const last = steps.at(-1);
    if (command) {
      const [, text = "", background, exits = "0"] = command;
      const isBackground = background !== undefined;
      steps.push({ kind: "command", args: words(text), exits: Number(exits), isBackground, shows: [] });
    } else if (last?.kind === "command") steps[steps.length - 1] = { ...last, shows: [...last.shows, line] };
    else throw new Error(`a console example begins with "$ sluice": ${line}`);
  }
  return steps;
}

/** Words as a shell splits them, with single quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
}

export function linksOf(markdown: string): string[] {
  return [...markdown.replaceAll(FENCE, "").matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
}

/** The anchors that GitHub makes of the headings. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.replaceAll(FENCE, "").matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}
