import { readFile } from "node:fs/promises";

import { UsageError } from "../exit-code.ts";
import type { Scaffold } from "./write-files.ts";

const REGISTRY = "src/registry.ts";

/** Throws UsageError outside of a clone, and when the stage is registered already. */
export async function stageScaffold(name: string): Promise<Scaffold> {
  const registry = await readRegistry();
  const variable = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const path = `src/transforms/${name}.ts`;
  if (registry.includes(`"./transforms/${name}.ts"`))
    throw new UsageError(`${REGISTRY} has a stage ${name} already; choose another name`);
  return {
    files: new Map([
      [path, stageText(name)],
      [`test/transforms/${name}.test.ts`, testText(name, variable)],
    ]),
    changes: new Map([[REGISTRY, registered(registry, name, variable)]]),
    next: [
      `write what it does: ${path}`,
      `npx vitest run test/transforms/${name}.test.ts test/contracts/definitions.test.ts`,
      "make build docs   # its keys appear in the editor schema and in pipelines/README.md",
    ],
  };
}

async function readRegistry(): Promise<string> {
  try {
    return await readFile(REGISTRY, "utf8");
  } catch (cause) {
    throw new UsageError(`${REGISTRY} is not here: run this in the folder of a clone of Sluice`, { cause });
  }
}

/** One import behind the last of the transforms, one entry at the end of their list. */
function registered(registry: string, name: string, variable: string): string {
  const imports = [...registry.matchAll(/^import .* from "\.\/transforms\/.*;$/gm)];
  const list = /(transforms: \[[^\]]*?),?(\s*\])/.exec(registry);
  const last = imports.at(-1);
  if (!last || !list)
    throw new UsageError(`${REGISTRY} has another form than expected; add the stage by hand`);
  const at = last.index + last[0].length;
  const withImport = `${registry.slice(0, at)}\nimport ${variable} from "./transforms/${name}.ts";${registry.slice(at)}`;
  // As the formatter writes it: a list of several lines has one entry a line.
  const entry = list[2]!.includes("\n") ? `,\n    ${variable},` : `, ${variable}`;
  return withImport.replace(list[0], `${list[1]}${entry}${list[2]}`);
}

// Lines, not one text: what looks like an import of this file is none.
function stageText(name: string): string {
  return [
    'import Type from "typebox";',
    "",
    'import { defineTransform } from "../engine/contracts.ts";',
    'import { checkEnvelope, envelopeRejects } from "../events/envelope.ts";',
    "",
    "/** Say why it is there. It is called once per event, so: no waiting, no logging, nothing compiled. */",
    "export default defineTransform({",
    `  type: "${name}",`,
    `  summary: "Writes a text into the field \`mark\` of each event.",`,
    "  config: Type.Object(",
    "    {",
    '      mark: Type.String({ default: "seen", maxLength: 100, description: "The text." }),',
    "    },",
    "    { additionalProperties: false },",
    "  ),",
    '  example: { mark: "checked" },',
    '  accepts: "export-event",',
    '  emits: "export-event",',
    "  rejects: { ...envelopeRejects },",
    "  create({ mark }) {",
    "    return {",
    "      apply(value) {",
    "        checkEnvelope(value);",
    "        // The same value may travel to other stages: a copy along the way, never a change in place.",
    "        return { ...value, event: { ...value.event, mark } };",
    "      },",
    "    };",
    "  },",
    "});",
    "",
  ].join("\n");
}

function testText(name: string, variable: string): string {
  return [
    'import { expect, test } from "vitest";',
    "",
    `import ${variable} from "../../src/transforms/${name}.ts";`,
    'import { applyOf, rejection } from "../support/transforms.ts";',
    "",
    'test("a document that is no export event is a dead letter", () => {',
    `  expect(rejection(() => applyOf(${variable})({})).code).toBe("bad-envelope");`,
    "});",
    "",
    'test("marks an event and leaves the given one as it is", () => {',
    '  const event = Object.freeze({ project: "p", environment: "e", event: Object.freeze({ kind: "custom" }) });',
    `  expect(applyOf(${variable}, { mark: "x" })(event)).toEqual({`,
    '    project: "p",',
    '    environment: "e",',
    '    event: { kind: "custom", mark: "x" },',
    "  });",
    "});",
    "",
  ].join("\n");
}
