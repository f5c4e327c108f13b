// The generated half of pipelines/README.md: every key of a pipeline, every stage, every problem code.

import { stringify } from "yaml";

import type { StageDefinition } from "../engine/contracts.ts";
import { metricTable } from "../engine/metrics.ts";
import { type CodeMeaning, problemCodes } from "./codes.ts";
import { declaredFiles } from "./declared.ts";
import { pipelineFile } from "./definition.ts";
import { faultCodes } from "./fault-codes.ts";
import type { Registry, Role } from "./registry.ts";
import { stagesOf } from "./registry.ts";
import { runCodes } from "./run-codes.ts";
import { closedSchema, typesOf } from "./schema.ts";
import type { JsonSchema } from "./schema.ts";
import { testFile } from "./test-file.ts";
import { stageProblemCodes } from "./stage-problem-codes.ts";

/** Markdown; ends with a line break. */
export function stageReference(registry: Registry): string {
  const stages = (role: Role) => stagesOf(registry, role).map((stage) => stageSection(stage));
  return `${[
    "## Keys of a pipeline",
    keyTable(closedSchema(pipelineFile)),
    "## Sources",
    ...stages("source"),
    "## Transforms",
    ...stages("transform"),
    "## Sinks",
    ...stages("sink"),
    "## Keys of the destinations file",
    keyTable(closedSchema(declaredFiles.destinations.schema)),
    "## Keys of the enablement file",
    keyTable(closedSchema(declaredFiles.enablement.schema)),
    "## Keys of a test file",
    keyTable(closedSchema(testFile)),
    "## Codes",
    "`sluice explain CODE` prints the page of each, and of the dead letters and drops above.",
    "### Problems of a definition",
    codeTable({ ...problemCodes, ...stageProblemCodes }),
    "### Ends of a run",
    codeTable(runCodes),
    "### Faults of sinks",
    codeTable(faultCodes),
  ].join("\n\n")}\n`;
}

function codeTable(codes: Readonly<Record<string, CodeMeaning>>): string {
  const rows = Object.entries(codes).map(([code, { meaning, fix }]) => [`\`${code}\``, meaning, fix]);
  return table(["code", "what is wrong", "what to do"], rows);
}

/** The page of one stage, for people. Markdown; ends with a line break. */
export function stagePage(stage: StageDefinition): string {
  const [, ...rest] = stageSection(stage).split("\n");
  const metrics = Object.entries(metricTable).filter(([name]) => concerns(stage, name));
  const lines = metrics.map(([name, { help }]) => `- \`sluice_${name}\`: ${help}`);
  return `${[
    `# ${stage.role} \`${stage.type}\``,
    MADE,
    rest.join("\n").trim(),
    "What it counts, in every pipeline that has it:",
    lines.join("\n"),
    "Every code here has a page: `sluice explain CODE`. [All stages](README.md) · [Pipelines](../../pipelines/README.md)",
  ].join("\n\n")}\n`;
}

/** Which metrics tell how a stage does. */
function concerns({ role, type }: StageDefinition, metric: string): boolean {
  if (/^(waiting_duplicates|keys_forgotten_total)$/.test(metric)) return type === "dedupe";
  if (role === "transform")
    return /^(values|dropped|dropped_by_detail|dead_letters|stage_bugs)_total$|^held_values$/.test(metric);
  if (role === "sink") return metric.startsWith("sink_") || metric === "dead_letters_total";
  if (metric.startsWith("source_")) return type === "pubsub";
  if (metric.startsWith("backfill_")) return type === "file";
  return /^(records|bytes)_/.test(metric);
}

/** The list of all pages. */
export function stageIndex(registry: Registry): string {
  const rows = (role: Role) =>
    stagesOf(registry, role).map(({ type, summary }) => [`[\`${type}\`](${role}-${type}.md)`, summary]);
  const part = (title: string, role: Role) => [`## ${title}`, table(["type", "what it does"], rows(role))];
  return `${[
    "# Stages",
    MADE,
    ...part("Sources", "source"),
    ...part("Transforms", "transform"),
    ...part("Sinks", "sink"),
  ].join("\n\n")}\n`;
}

const MADE = "<!-- Made by `make docs` from the definitions in src. Edits are lost. -->";

function stageSection(stage: StageDefinition): string {
  const { type, role, summary, config, example, rejects = {} } = stage;
  const drops = stage.role === "transform" ? (stage.drops ?? {}) : {};
  const takes = stage.role === "source" ? [] : [`Takes ${shape(stage.accepts)}.`];
  const gives = stage.role === "sink" ? [] : [`Gives ${shape(stage.emits)}.`];
  const written =
    role === "transform" ? { transforms: [{ type, ...example }] } : { [role]: { type, ...example } };
  return [
    `### ${role} \`${type}\``,
    [summary, ...takes, ...gives].join(" "),
    keyTable(closedSchema(config)),
    `\`\`\`yaml\n${stringify(written, { lineWidth: 100 })}\`\`\``,
    ...reasons("Drops, by reason:", drops),
    ...reasons("Dead letters, by code:", rejects),
  ].join("\n\n");
}

function shape(name: string): string {
  return name === "any" ? "any shape" : `\`${name}\``;
}

function reasons(title: string, meanings: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(meanings).map(([code, meaning]) => `- \`${code}\`: ${oneLine(meaning)}`);
  return lines.length > 0 ? [title, lines.join("\n")] : [];
}

function keyTable(schema: JsonSchema): string {
  const rows = keyRows(schema, "");
  return rows.length === 0 ? "No keys." : table(["key", "type", "default", "what it is"], rows);
}

function keyRows(schema: JsonSchema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    const required = schema.required?.includes(key) === true && !("default" in inner);
    const instead = inner["x-deprecated"];
    const what = `${instead === undefined ? "" : `**Deprecated:** ${instead}. `}${inner.description ?? ""}`;
    const row = [`\`${path}\``, typeText(inner), defaultText(inner, required), what];
    const nested = inner.type === "array" && inner.items ? keyRows(inner.items, `${path}[].`) : [];
    return [row, ...keyRows(inner, `${path}.`), ...nested];
  });
}

function typeText(schema: JsonSchema): string {
  if (schema["x-secret"]) return "secret text";
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if ("const" in schema) return `\`${String(schema.const)}\``;
  if (schema.anyOf) return schema.anyOf.map(typeText).join(" or ");
  if (schema.type === "array") return schema.items ? `list of ${typeText(schema.items)}` : "list";
  const [type] = typesOf([schema]);
  return `${typeNames[type ?? ""] ?? "anything"}${limits(schema)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "number",
  integer: "whole number",
  boolean: "true or false",
  object: "map",
};

function limits({ minimum, maximum }: JsonSchema): string {
  if (typeof minimum !== "number" || typeof maximum !== "number") return "";
  return `, ${minimum} to ${maximum}`;
}

function defaultText(schema: JsonSchema, required: boolean): string {
  if (required) return "required";
  const value = schema.default;
  return value === undefined || isEmptyMap(value) ? "" : `\`${JSON.stringify(value)}\``;
}

function isEmptyMap(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(oneLine).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
