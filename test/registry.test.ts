import { existsSync, readdirSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { readers } from "../src/config/declared.ts";
import { deadLetterTypes } from "../src/config/definition.ts";
import type { StageDefinition } from "../src/engine/contracts.ts";
import { registry } from "../src/registry.ts";

const folders = { source: "src/sources", transform: "src/transforms", sink: "src/sinks" } as const;

/** `filter-enabled.ts` or `pubsub/pubsub.ts`: a file named like its folder's stage that exports a definition. */
function stageFiles(role: StageDefinition["role"]): string[] {
  const folder = folders[role];
  const types = readdirSync(folder, { withFileTypes: true }).map((entry) => entry.name.replace(/\.ts$/, ""));
  const paths = new Set(
    types
      .flatMap((type) => [`${folder}/${type}.ts`, `${folder}/${type}/${type}.ts`])
      .filter((path) => existsSync(path)),
  );
  return [...paths].filter((path) => /^export default define/m.test(readFileSync(path, "utf8")));
}

test.each([
  ["source", registry.sources],
  ["transform", registry.transforms],
  ["sink", registry.sinks],
] as const)("every %s in its folder is in the registry, under the name of its file", async (role, listed) => {
  const files = stageFiles(role);
  const definitions = await Promise.all(
    files.map(
      async (path) =>
        ((await import(/* @vite-ignore */ `../${path}`)) as { default: StageDefinition }).default,
    ),
  );
  expect(files.map((path) => /([^/]+)\.ts$/.exec(path)?.[1])).toEqual(definitions.map(({ type }) => type));
  expect(new Set<StageDefinition>(listed)).toEqual(new Set(definitions));
  expect(listed.map((one) => one.role)).toEqual(listed.map(() => role));
});

test("the types that the loader knows by name exist", () => {
  const transforms = registry.transforms.map(({ type }) => type);
  expect(transforms).toEqual(expect.arrayContaining([...readers.destinations, ...readers.enablement]));
  expect(registry.sinks.map(({ type }) => type)).toEqual(expect.arrayContaining([...deadLetterTypes]));
});
