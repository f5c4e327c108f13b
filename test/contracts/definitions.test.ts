// What every stage definition owes to the loader, the docs and the editor schema.

import { resolve } from "node:path";

import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";

import { compile, holdsSecrets } from "../../src/config/check.ts";
import { declaredFiles } from "../../src/config/declared.ts";
import { namedFiles } from "../../src/config/named-files.ts";
import { loadPipeline } from "../../src/config/load.ts";
import { realOutside } from "../../src/config/outside.ts";
import { problemLine } from "../../src/config/problem.ts";
import { stagesOf } from "../../src/config/registry.ts";
import { closedSchema } from "../../src/config/schema.ts";
import type { JsonSchema } from "../../src/config/schema.ts";
import type { StageDefinition } from "../../src/engine/contracts.ts";
import { registry } from "../../src/registry.ts";
import { testRegistry } from "../support/test-registry.ts";

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const definitions = [...registry.sources, ...registry.transforms, ...registry.sinks];
const withFixtures = [
  ...definitions,
  ...testRegistry.sources,
  ...testRegistry.transforms,
  ...testRegistry.sinks,
];

/** Every key with a schema, depth first, as `outer.inner`. */
function* keysOf(schema: JsonSchema, prefix = ""): Generator<[string, JsonSchema]> {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    yield [prefix + key, inner];
    yield* keysOf(inner, `${prefix}${key}.`);
    if (inner.items) yield* keysOf(inner.items, `${prefix}${key}[].`);
  }
}

describe.each(withFixtures.map((one) => [`${one.role} ${one.type}`, one] as const))("%s", (_, definition) => {
  test("has a schema that is strict JSON Schema", () => {
    expect(() => compile(definition.config)).not.toThrow();
    const ajv = new Ajv({ strict: false });
    expect(ajv.validateSchema(closedSchema(definition.config)), ajv.errorsText()).toBe(true);
  });

  test("has an example that is valid", async () => {
    const { validate } = compile(definition.config);
    const example: unknown = structuredClone(definition.example);
    validate(example);
    expect(validate.errors ?? []).toEqual([]);
    expect([...((await definition.check?.(example)) ?? [])]).toEqual([]);
  });

  test("has an example that sets every key", () => {
    const schema = closedSchema(definition.config);
    expect(Object.keys(definition.example).sort()).toEqual(Object.keys(schema.properties ?? {}).sort());
  });

  test("describes every key", () => {
    const bare = [...keysOf(closedSchema(definition.config))]
      .filter(([, schema]) => !schema.description && !("const" in schema))
      .map(([key]) => key);
    expect(bare).toEqual([]);
  });

  test("has defaults that are valid", async () => {
    const schema = closedSchema(definition.config);
    const required = (schema.required ?? []).filter(
      (key) => !("default" in (schema.properties?.[key] ?? {})),
    );
    const least = Object.fromEntries(required.map((key) => [key, structuredClone(definition.example[key])]));
    const { validate } = compile(definition.config);
    validate(least);
    expect(validate.errors ?? []).toEqual([]);
    expect([...((await definition.check?.(least)) ?? [])]).toEqual([]);
  });

  test("has codes and reasons in kebab-case, each with a meaning", () => {
    const drops = definition.role === "transform" ? (definition.drops ?? {}) : {};
    for (const [code, meaning] of Object.entries({ ...definition.rejects, ...drops })) {
      expect(code).toMatch(KEBAB);
      expect(meaning.length).toBeGreaterThan(5);
    }
  });

  test("has one sentence as its summary", () => {
    expect(definition.summary).toMatch(/^[A-Z][^\n]{10,160}\.$/);
  });
});

describe("a shipped definition", () => {
  test.each(definitions.map((one) => [`${one.role} ${one.type}`, one] as const))(
    "%s takes its own example in a pipeline",
    async (_, definition) => {
      const name = "pipelines/example.yaml";
      const real = realOutside({ SEGMENT_WRITE_KEY: "key" });
      const text = Buffer.from(JSON.stringify(pipelineWith(definition)));
      const result = await loadPipeline(name, {
        registry,
        declared: declaredFiles,
        outside: {
          ...real,
          readFile: (path, maxBytes) =>
            path === resolve(name) ? Promise.resolve(text) : real.readFile(path, maxBytes),
        },
      });
      expect("problems" in result ? result.problems.map(problemLine) : []).toEqual([]);
    },
  );

  test("marks what is secret, so that it is masked", () => {
    for (const { type, config } of definitions) {
      const names = [...keysOf(closedSchema(config))].filter(([key]) =>
        /(writeKey|secret|token|password)$/i.test(key),
      );
      for (const [key, schema] of names) expect([type, key, holdsSecrets(schema)]).toEqual([type, key, true]);
    }
  });

  test("marks the files it names", () => {
    const avro = registry.transforms.find(({ type }) => type === "avro-decode")!;
    const named = [...namedFiles(avro.example, closedSchema(avro.config))];
    expect(named.map(({ path, kind }) => [path, kind])).toEqual([
      ["/schema", "avro-schema"],
      ["/writerSchemas/0", "avro-schema"],
    ]);
  });
});

/** A whole pipeline around the example, with whatever makes the shapes fit. It is read as if it stood in `pipelines/`. */
function pipelineWith(definition: StageDefinition): object {
  const { role, type, example } = definition;
  const stage = { type, ...example };
  const json = { type: "json-decode" };
  const map = { type: "segment-event" };
  const before = { bytes: [], "export-event": [json], "segment-event": [json, map], any: [] };
  const chosen = role === "transform" ? definition.shapeOf?.(example as never) : undefined;
  const transforms = role === "source" ? [] : before[chosen ?? definition.accepts];
  return {
    name: type,
    source: role === "source" ? stage : { type: "memory", values: [] },
    transforms: role === "transform" ? [...transforms, stage] : transforms,
    sink: role === "sink" ? stage : { type: "stdout" },
    deadLetters: { type: "file", path: "dead.ndjson" },
    drainMs: 1_000,
  };
}

test("every role has a stage, and no two stages of a role have the same type", () => {
  for (const role of ["source", "transform", "sink"] as const) {
    const types = stagesOf(registry, role).map(({ type }) => type);
    expect(types.length).toBeGreaterThan(0);
    expect(new Set(types).size).toBe(types.length);
    for (const type of types) expect(type).toMatch(KEBAB);
  }
});
