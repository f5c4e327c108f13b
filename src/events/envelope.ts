// The envelope around every export event (LaunchDarkly docs, "Streaming Data Export schema reference"):
// project, environment, the event itself. Without them an event belongs nowhere.

import { DataError } from "../engine/errors.ts";

/** An export event whose envelope is sound. What is inside `event` is still trusted to no type. */
export interface Enveloped {
  readonly project: string;
  readonly environment: string;
  readonly event: EventDocument;
  readonly version?: unknown;
}

export interface EventDocument {
  readonly [field: string]: unknown;
}

/** The dead-letter code of `checkEnvelope`, for the `rejects` of the stages that call it. */
export const envelopeRejects = {
  "bad-envelope":
    "The document is no Data Export event: project and environment must be texts, event an object. Check what else publishes to the topic.",
} as const;

/** Throws DataError bad-envelope. Allocates nothing for a sound one. */
export function checkEnvelope(value: unknown): asserts value is Enveloped {
  if (!isObject(value)) throw bad("the document", "an object", value);
  if (!isText(value["project"])) throw bad("project", "a text that is not empty", value["project"]);
  if (!isText(value["environment"]))
    throw bad("environment", "a text that is not empty", value["environment"]);
  if (!isObject(value["event"])) throw bad("event", "an object", value["event"]);
}

/** A JSON object: no list, no null. */
export function isObject(value: unknown): value is EventDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/**
 * The event's kind; undefined when it has none. The documentation's summary examples carry no kind, and only
 * summaries have `features`.
 */
export function kindOf(event: EventDocument): string | undefined {
  const kind = event["kind"];
  if (typeof kind === "string" && kind !== "") return kind;
  return (kind === undefined || kind === null) && isObject(event["features"]) ? "summary" : undefined;
}

/** For messages: which event it was, as far as it says so. */
export function nameOf(event: EventDocument): string {
  const id = event["id"];
  const kind = kindOf(event);
  const what = kind === undefined ? "event" : `${shorten(kind)} event`;
  return typeof id === "string" && id !== "" ? `${what} ${shorten(id)}` : `${what} without id`;
}

/** For messages: the type of a value, and itself when it is short and plain; never a payload. */
export function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string")
    return value === "" ? "an empty text" : `the text ${JSON.stringify(shorten(value))}`;
  if (typeof value === "object") return "an object";
  return `${typeof value === "boolean" ? "" : "the number "}${String(value)}`;
}

const MOST_SHOWN_CHARACTERS = 40;

export function shorten(text: string): string {
  return text.length <= MOST_SHOWN_CHARACTERS ? text : `${text.slice(0, MOST_SHOWN_CHARACTERS)}…`;
}

function bad(what: string, expected: string, found: unknown): DataError {
  return new DataError("bad-envelope", `${what} must be ${expected}, but is ${describe(found)}`);
}
