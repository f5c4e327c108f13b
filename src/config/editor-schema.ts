// The JSON Schema that editors complete and check pipeline files with. Draft-07, the newest that the common YAML
// editors agree on. Laxer than the loader in one way: a reference is taken wherever a value is.

import type { TSchema } from "typebox";

import type { StageDefinition } from "../engine/contracts.ts";
import { deadLetterTypes, pipelineFile, routingKeys } from "./definition.ts";
import type { Registry, Role } from "./registry.ts";
import { stagesOf } from "./registry.ts";
import { closedSchema } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";

type Writable = Record<string, unknown>;

const REFERENCE = { $ref: "#/definitions/reference" };

const HEAD = {
  $schema: "http://json-schema.org/draft-07/schema#",
  $comment: "Made by `make docs` from the definitions in src. Edits are lost.",
};

const referenceSchema: JsonSchema = {
  type: "string",
  pattern: "^\\$\\{.+\\}$",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how references are written.
  description: "A reference: ${NAME}, ${NAME:-default}, ${env:NAME} or ${file:path}.",
};

/** For a file that names no stages: a test file. */
export function plainEditorSchema(schema: TSchema): JsonSchema {
  return { ...HEAD, ...forEditors(closedSchema(schema)), definitions: { reference: referenceSchema } };
}

const roles: readonly Role[] = ["source", "transform", "sink"];

export function editorSchema(registry: Registry): JsonSchema {
  const pipeline = forEditors(closedSchema(pipelineFile));
  const routing = pick(pipeline.properties?.["sink"]?.properties ?? {}, routingKeys);
  const { deadLetters, transforms, sinks, ...properties } = pipeline.properties ?? {};
  const sink = sinkChoice(registry, properties["sink"]);
  return {
    ...HEAD,
    ...pipeline,
    required: (pipeline.required ?? []).filter((key) => key !== "sink"),
    oneOf: [{ required: ["sink"] }, { required: ["sinks"] }],
    properties: {
      ...properties,
      source: { ...properties["source"], ...choice(registry, "source") },
      transforms: { ...transforms, items: { ...transforms?.items, ...choice(registry, "transform") } },
      sink,
      sinks: { ...sinks, items: { ...sinkChoice(registry, sinks?.items) } },
      deadLetters: { ...deadLetters, ...deadLetterChoice(registry, deadLetters?.properties?.["window"]) },
    },
    definitions: {
      reference: referenceSchema,
      ...Object.fromEntries(
        roles.flatMap((role) =>
          stagesOf(registry, role).map((stage) => [
            `${role}-${stage.type}`,
            stageSchema(stage, role === "sink" ? routing : {}),
          ]),
        ),
      ),
    },
  };
}

/** `type` decides which definition holds: editors then complain about the keys of the stage that was meant. */
function choice(registry: Registry, role: Role): JsonSchema {
  return typeChoice(stagesOf(registry, role), (stage) => ({ $ref: `#/definitions/${role}-${stage.type}` }));
}

function sinkChoice(registry: Registry, { description }: JsonSchema = {}): JsonSchema {
  return { ...(description === undefined ? {} : { description }), ...choice(registry, "sink") };
}

function pick<T>(map: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => names.includes(key)));
}

function deadLetterChoice(registry: Registry, window: JsonSchema | undefined): JsonSchema {
  const stores = registry.sinks.filter(({ type }) => deadLetterTypes.includes(type));
  return typeChoice(stores, (stage) => {
    const schema = stageSchema(stage);
    return { ...schema, properties: { ...schema.properties, window: window ?? {} } };
  });
}

function typeChoice(
  stages: readonly StageDefinition[],
  schemaOf: (stage: StageDefinition) => JsonSchema,
): JsonSchema {
  return {
    type: "object",
    required: ["type"],
    properties: {
      type: {
        description: "Which stage; the keys beside it are the stage's own.",
        enum: stages.map(({ type }) => type),
        markdownEnumDescriptions: stages.map(({ summary }) => summary),
      },
    },
    // The definition that applies closes the object.
    additionalProperties: true,
    allOf: stages.map((stage) => ({
      if: { required: ["type"], properties: { type: { const: stage.type } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: schemaOf(stage),
    })),
  };
}

function stageSchema(
  { type, summary, config, example }: StageDefinition,
  more: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  const schema = forEditors(closedSchema(config));
  const properties = Object.entries(schema.properties ?? {}).map(([key, inner]) => {
    const examples = inner.examples === undefined && key in example ? { examples: [example[key]] } : {};
    return [key, { ...inner, ...examples }];
  });
  return {
    ...schema,
    description: summary,
    required: ["type", ...(schema.required ?? [])],
    properties: { type: { const: type, description: summary }, ...more, ...Object.fromEntries(properties) },
  };
}

/** What has a default need not be written, our own keywords go, and a reference may stand for a scalar. */
function forEditors(schema: JsonSchema): JsonSchema {
  const kept: Writable = Object.fromEntries(Object.entries(schema).filter(([key]) => !key.startsWith("x-")));
  const instead = schema["x-deprecated"];
  if (instead !== undefined) Object.assign(kept, { deprecated: true, deprecationMessage: instead });
  if (schema.properties) {
    const properties = Object.entries(schema.properties);
    const hasDefault = new Set(properties.filter(([, inner]) => "default" in inner).map(([key]) => key));
    const required = (schema.required ?? []).filter((key) => !hasDefault.has(key));
    kept["properties"] = Object.fromEntries(properties.map(([key, inner]) => [key, valueForEditors(inner)]));
    if (required.length > 0) kept["required"] = required;
    else delete kept["required"];
  }
  if (schema.items) kept["items"] = valueForEditors(schema.items);
  if (schema.anyOf) kept["anyOf"] = schema.anyOf.map(forEditors);
  return kept;
}

const ANNOTATIONS: readonly string[] = [
  ...["description", "default", "examples", "title", "deprecated", "deprecationMessage"],
];

function valueForEditors(schema: JsonSchema): JsonSchema {
  const inner = forEditors(schema);
  const takesAnyText = schema.type === "string" && schema.pattern === undefined;
  if (takesAnyText || schema.type === "object") return inner;
  const entries = Object.entries(inner);
  const rules = Object.fromEntries(entries.filter(([key]) => !ANNOTATIONS.includes(key)));
  // A schema without rules takes a reference already; a list is a list, but its entries may be references.
  if (Object.keys(rules).length === 0 || schema.type === "array") return inner;
  const branches = inner.anyOf && Object.keys(rules).length === 1 ? inner.anyOf : [rules];
  return {
    ...Object.fromEntries(entries.filter(([key]) => ANNOTATIONS.includes(key))),
    anyOf: [...branches, REFERENCE],
  };
}
