// Segment answers 200 to events that it then drops without a word, so its rules are kept here, before sending
// (Segment docs: "HTTP Tracking API", "Spec: Common Fields", and the ingest codes of "Delivery Overview").
//
// The rule "at most 10,000 properties" needs no count: a property takes at least five bytes of JSON (`"":0,`)
// and names are unique, so an event within 32,768 bytes cannot hold 10,000 of them.

import { DataError } from "../../engine/errors.ts";

export const MAX_MESSAGE_ID_LENGTH = 99;

/** Dead-letter codes of the checks -> what each means and what to do. */
export const messageRejects = {
  "segment-unknown-type": "The message type is none of track, page, screen, identify, group, alias.",
  "segment-no-identity": "Neither userId nor anonymousId is there; map a context kind of the event to one.",
  "segment-id-not-string": "An id (userId, anonymousId, previousId, groupId) is empty or not a string.",
  "segment-id-required": "An alias needs previousId and userId, a group needs groupId.",
  "segment-message-id": `The messageId is missing, not a string, or longer than ${MAX_MESSAGE_ID_LENGTH} characters.`,
  "segment-event-name": "A track message needs an event name: a string that is not empty.",
  "segment-name-not-string": "name or category of a page or screen is empty or not a string; leave it out.",
  "segment-not-an-object": "properties, traits, context or integrations is not a JSON object.",
  "segment-timestamp": "The timestamp is not an ISO 8601 date and time with a time zone.",
  "segment-event-too-large": "The event is larger than Segment takes (32 KB of UTF-8).",
  "segment-not-serializable": "The event cannot be written as JSON (a cycle, a BigInt, or nested too deep).",
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** Cheap: type tests and lengths only; about 0.1 µs an event. Throws DataError with a code of `messageRejects`. */
export function checkMessage(message: Fields): void {
  checkId(message, "userId");
  checkId(message, "anonymousId");
  checkId(message, "previousId");
  checkId(message, "groupId");
  checkType(message);
  if (message["userId"] === undefined && message["anonymousId"] === undefined)
    throw new DataError(
      "segment-no-identity",
      `${named(message)} has neither userId nor anonymousId; Segment would answer 200 and drop it.`,
    );
  const messageId = message["messageId"];
  if (typeof messageId !== "string" || messageId === "" || messageId.length > MAX_MESSAGE_ID_LENGTH)
    throw new DataError(
      "segment-message-id",
      `messageId is ${shown(messageId)}; it must be a string of 1 to ${MAX_MESSAGE_ID_LENGTH} characters.`,
    );
  if (!isIsoTimestamp(message["timestamp"]))
    throw new DataError(
      "segment-timestamp",
      `timestamp of ${named(message)} is ${shown(message["timestamp"])}; it must be ISO 8601 with a time zone.`,
    );
  checkObject(message, "properties");
  checkObject(message, "traits");
  checkObject(message, "context");
  checkObject(message, "integrations");
}

function checkType(message: Fields): void {
  const type = message["type"];
  if (type === "track") checkEventName(message);
  else if (type === "page" || type === "screen") {
    checkName(message, "name");
    checkName(message, "category");
  } else if (type === "alias") {
    requireId(message, "previousId");
    requireId(message, "userId");
  } else if (type === "group") requireId(message, "groupId");
  else if (type !== "identify")
    throw new DataError(
      "segment-unknown-type",
      `type is ${shown(type)}; Segment knows track, page, screen, identify, group, alias.`,
    );
}

function checkEventName(message: Fields): void {
  const name = message["event"];
  if (typeof name === "string" && name !== "") return;
  throw new DataError(
    "segment-event-name",
    `event of ${named(message)} is ${shown(name)}; a track message needs a string that is not empty.`,
  );
}

function checkName(message: Fields, field: "name" | "category"): void {
  const value = message[field];
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  throw new DataError(
    "segment-name-not-string",
    `${field} of ${named(message)} is ${shown(value)}; send a string that is not empty, or leave it out.`,
  );
}

function checkId(message: Fields, field: string): void {
  const value = message[field];
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  throw new DataError(
    "segment-id-not-string",
    `${field} of ${named(message)} is ${shown(value)}; it must be a string that is not empty.`,
  );
}

function requireId(message: Fields, field: string): void {
  if (message[field] === undefined)
    throw new DataError("segment-id-required", `${field} of ${named(message)} is missing.`);
}

function checkObject(message: Fields, field: string): void {
  const value = message[field];
  if (value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value))) return;
  throw new DataError(
    "segment-not-an-object",
    `${field} of ${named(message)} is ${shown(value)}; it must be an object.`,
  );
}

const ANY_ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/** The form that we write ourselves, `2026-01-01T00:00:00.000Z`, is recognised without a regular expression. */
function isIsoTimestamp(value: unknown): boolean {
  if (typeof value !== "string") return false;
  if (value.length === 24 && isCanonical(value)) return true;
  return ANY_ISO.test(value) && !Number.isNaN(Date.parse(value));
}

function isCanonical(text: string): boolean {
  return (
    twoDigits(text, 0) <= 99 &&
    twoDigits(text, 2) <= 99 &&
    text.charCodeAt(4) === 0x2d &&
    within(twoDigits(text, 5), 1, 12) &&
    text.charCodeAt(7) === 0x2d &&
    within(twoDigits(text, 8), 1, 31) &&
    text.charCodeAt(10) === 0x54 &&
    twoDigits(text, 11) <= 23 &&
    text.charCodeAt(13) === 0x3a &&
    twoDigits(text, 14) <= 59 &&
    text.charCodeAt(16) === 0x3a &&
    twoDigits(text, 17) <= 59 &&
    text.charCodeAt(19) === 0x2e &&
    twoDigits(text, 20) <= 99 &&
    within(text.charCodeAt(22), 0x30, 0x39) &&
    text.charCodeAt(23) === 0x5a
  );
}

function within(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

/** The number written at `at`; 100, which is too much everywhere, when there is none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return within(tens, 0, 9) && within(ones, 0, 9) ? tens * 10 + ones : 100;
}

function named(message: Fields): string {
  const id = message["messageId"];
  return typeof id === "string"
    ? `message ${id.slice(0, MAX_MESSAGE_ID_LENGTH)}`
    : "a message without messageId";
}

/** The kind of a value and, of a short plain one, the value: never a payload. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") {
    if (value === "") return "an empty string";
    return value.length <= 40
      ? JSON.stringify(value)
      : `${JSON.stringify(value.slice(0, 40))}… (${value.length} characters)`;
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return `of type ${typeof value}`;
}
