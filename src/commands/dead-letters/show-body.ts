// A body for people: its JSON, its Avro datum as JSON, or the bytes themselves.

import { gunzipSync } from "node:zlib";

import { compileDecoder } from "../../avro/decode.ts";
import { loadReaderSchema, writerSchema } from "../../avro/schema.ts";
import { toError } from "../../engine/errors.ts";
import { JsonTextError, parseJsonText } from "../../events/json-text.ts";

/** Of what is not understood, this much is shown; `--json` has all of it. */
const DUMPED_BYTES = 512;
const BASE64_BYTES = 4_096;
const MAX_INFLATED_BYTES = 10 * 1024 * 1024;
const MAX_DEPTH = 200;

export interface ShownBody {
  /** What it was taken for. */
  readonly kind: "JSON" | "Avro" | "bytes" | "nothing";
  readonly text: string;
}

export function showBody(body: Buffer, schema: string | undefined): ShownBody {
  if (body.length === 0) return { kind: "nothing", text: "" };
  if (schema !== undefined) return avro(body, schema);
  return json(body) ?? json(inflated(body)) ?? { kind: "bytes", text: dump(body) };
}

function avro(body: Buffer, json: string): ShownBody {
  try {
    const schema = loadReaderSchema(writerSchema(json));
    const value = compileDecoder(schema, schema)(body, 0, body.length);
    return { kind: "Avro", text: pretty(value) };
  } catch (error) {
    // Very often it is a letter because of that.
    return { kind: "bytes", text: `(not a datum of its schema: ${toError(error).message})\n${dump(body)}` };
  }
}

function json(body: Buffer | undefined): ShownBody | undefined {
  if (!body) return undefined;
  try {
    return { kind: "JSON", text: pretty(parseJsonText(body.toString("utf8"), MAX_DEPTH)) };
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

function inflated(body: Buffer): Buffer | undefined {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return undefined;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch {
    // Damaged or a bomb: the bytes are shown as they are.
    return undefined;
  }
}

function pretty(value: unknown): string {
  const plain = (_key: string, one: unknown) => (typeof one === "bigint" ? one.toString() : one);
  return JSON.stringify(value, plain, 2) ?? "null";
}

function dump(body: Buffer): string {
  const rows: string[] = [];
  for (let at = 0; at < Math.min(body.length, DUMPED_BYTES); at += 16) {
    const row = body.subarray(at, Math.min(at + 16, DUMPED_BYTES));
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."));
    rows.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text.join("")}`);
  }
  if (body.length > DUMPED_BYTES) rows.push(`… ${body.length - DUMPED_BYTES} more bytes`);
  rows.push(`base64: ${body.subarray(0, BASE64_BYTES).toString("base64")}`);
  if (body.length > BASE64_BYTES) rows.push(`… of its first ${BASE64_BYTES} bytes; --json has all`);
  return rows.join("\n");
}
