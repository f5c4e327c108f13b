// Ajv's errors -> what a data engineer is told: which key, what it takes, what stood there instead.

import type { ErrorObject } from "ajv";

import { list, Place, quote } from "./place.ts";
import type { Described } from "./place.ts";
import { escapePointer, parentPointer } from "./positions.ts";
import type { JsonSchema } from "./schema.ts";
import { suggest } from "./suggest.ts";
import { withoutOtherBranches } from "./unions.ts";
import type { Finding } from "./yaml-file.ts";

/** A part of a definition that did not pass its schema. */
export interface Failed extends Described {
  readonly errors: readonly ErrorObject[];
}

/** One finding for each mistake: what follows from another one is left out. */
export function findingsOf(failed: Failed): Finding[] {
  const drafts = withoutOtherBranches(failed.errors, failed)
    .map((error) => findingOf(error, failed))
    .filter((draft) => draft !== undefined);
  // A mistyped required key is one mistake, not an unknown key and a missing one.
  const meant = new Set(
    drafts
      .filter(({ code, suggestion }) => code === "unknown-key" && suggestion !== undefined)
      .map(({ path, suggestion }) => `${parentPointer(path)}/${escapePointer(suggestion!)}`),
  );
  return drafts
    .filter(({ missing }) => missing === undefined || !meant.has(missing))
    .map(({ missing: _, ...finding }) => finding);
}

type Draft = Finding & { readonly missing?: string };

/** `missing` is the place where a missing key would stand. */
function findingOf(error: ErrorObject, failed: Failed): Draft | undefined {
  const path = failed.path + error.instancePath;
  const say = (code: string, message: string, more: Partial<Draft> = {}): Draft => ({
    code,
    path,
    message,
    ...more,
  });
  const params = error.params as Record<string, unknown>;
  const place = new Place(error.instancePath, failed);
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(String(params["additionalProperty"]), error, place, path);
    case "required":
      return missingKey(String(params["missingProperty"]), error, place, path);
    case "type":
    case "anyOf":
    case "oneOf":
      return say("wrong-type", `${place.name} ${place.takes()}${place.instead()}`, {
        suggestion: place.retyped(),
      });
    case "enum":
    case "const":
      return notOneOf(place, say);
    case "pattern":
    case "format":
      return say("wrong-format", `${place.name} must be ${place.form()}${place.instead()}`);
    case "uniqueItems":
      return say("not-unique", `${place.name} holds the same value twice`);
    case "propertyNames":
      return undefined; // Its pattern has been reported on its own.
    default:
      return say("out-of-range", `${place.name} ${range(error.keyword, params)}${place.insteadOfNumber()}`);
  }
}

function unknownKey(key: string, error: ErrorObject, place: Place, path: string): Draft {
  const known = Object.keys(parentOf(error).properties ?? {});
  const unused = known.filter((one) => !place.has(one));
  const suggestion = suggest(key, unused) ?? suggest(key, known);
  const has =
    suggestion !== undefined ? "" : known.length === 0 ? "; it has none" : `; it has ${list(known)}`;
  const mergeKey = "merge keys (`<<`) are not used here; write the keys out";
  return {
    code: "unknown-key",
    path: `${path}/${escapePointer(key)}`,
    message: key === "<<" ? mergeKey : `${place.name} has no key ${quote(key)}${has}`,
    suggestion,
    atKey: true,
  };
}

function missingKey(key: string, error: ErrorObject, place: Place, path: string): Draft {
  const description = parentOf(error).properties?.[key]?.description;
  const what = description === undefined ? "" : `: ${firstSentence(description)}`;
  return {
    code: "missing-key",
    path,
    message: `${place.name} needs the key ${quote(key)}${what}`,
    missing: `${path}/${escapePointer(key)}`,
  };
}

/** The schema that made the error: with `verbose`, ajv always gives it. */
function parentOf(error: ErrorObject): JsonSchema {
  return (error.parentSchema ?? {}) as JsonSchema;
}

function firstSentence(text: string): string {
  return (text.split(/(?<=[.:])\s/)[0] ?? text).replace(/[.:]$/, "");
}

function notOneOf(place: Place, say: (code: string, message: string, more?: Partial<Draft>) => Draft): Draft {
  const allowed = place.constants();
  const value = place.value;
  const texts = allowed.filter((one) => typeof one === "string");
  const suggestion = typeof value === "string" && !place.secret ? suggest(value, texts) : undefined;
  const message = `${place.name} must be ${allowed.length === 1 ? "" : "one of "}${list(allowed.map(String))}`;
  return say("not-one-of", `${message}${place.instead()}`, { suggestion });
}

function range(keyword: string, params: Record<string, unknown>): string {
  const limit = String(params["limit"]);
  switch (keyword) {
    case "minimum":
      return `must be at least ${limit}`;
    case "maximum":
      return `must be at most ${limit}`;
    case "exclusiveMinimum":
      return `must be more than ${limit}`;
    case "exclusiveMaximum":
      return `must be less than ${limit}`;
    case "multipleOf":
      return `must be a multiple of ${String(params["multipleOf"])}`;
    case "minLength":
      return limit === "1" ? "must not be empty" : `must have at least ${limit} characters`;
    case "maxLength":
      return `must have at most ${limit} characters`;
    case "minItems":
    case "minProperties":
      return limit === "1" ? "needs at least one entry" : `needs at least ${limit} entries`;
    case "maxItems":
    case "maxProperties":
      return `takes at most ${limit} entries`;
    default:
      return `is not valid (${keyword})`;
  }
}
