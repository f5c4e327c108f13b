// Why Segment drops an event after it answered 200 (codes of Segment docs, "Delivery Overview: Discarded
// events"; where the docs leave a case open, the strict reading is taken, because a sender must not rely on mercy).
// This is written apart from the sink's own checks on purpose: the two are held against each other in tests.
//
// "At most 10,000 properties" cannot be broken within 32 KB, so it is not counted.

export interface Discard {
  readonly code: string;
  readonly reason: string;
}

export type EventFields = Readonly<Record<string, unknown>>;

const TYPES = new Set(["track", "page", "screen", "identify", "group", "alias"]);
const IDS = ["userId", "anonymousId", "previousId", "groupId"] as const;

export function whyDiscarded(event: unknown): Discard | undefined {
  if (!isObject(event)) return { code: "bad_request", reason: "the event is not an object" };
  if (typeof event["type"] !== "string" || !TYPES.has(event["type"]))
    return { code: "bad_request", reason: `unknown type ${shortly(event["type"])}` };
  return idProblem(event) ?? fieldProblem(event) ?? commonProblem(event);
}

function idProblem(event: EventFields): Discard | undefined {
  for (const field of IDS) {
    const value = event[field];
    if (value !== undefined && (typeof value !== "string" || value === ""))
      return { code: "id_not_string", reason: `${field} is ${shortly(value)}` };
  }
  if (event["type"] === "alias" && (event["previousId"] === undefined || event["userId"] === undefined))
    return { code: "id_required", reason: "an alias needs previousId and userId" };
  if (event["type"] === "group" && event["groupId"] === undefined)
    return { code: "id_required", reason: "a group needs groupId" };
  if (event["userId"] === undefined && event["anonymousId"] === undefined)
    return { code: "no_user_anon_id", reason: "neither userId nor anonymousId" };
  return undefined;
}

function fieldProblem(event: EventFields): Discard | undefined {
  if (event["type"] === "track") {
    if (event["event"] === undefined)
      return { code: "event_not_defined", reason: "a track call without event" };
    if (typeof event["event"] !== "string" || event["event"] === "")
      return { code: "event_not_string", reason: `event is ${shortly(event["event"])}` };
  }
  if (event["type"] === "page" || event["type"] === "screen")
    for (const field of ["name", "category"] as const) {
      const value = event[field];
      if (value !== undefined && (typeof value !== "string" || value === ""))
        return { code: `${field}_not_string`, reason: `${field} is ${shortly(value)}` };
    }
  for (const field of ["properties", "traits"] as const)
    if (event[field] !== undefined && !isObject(event[field]))
      return { code: `${field}_not_object`, reason: `${field} is ${shortly(event[field])}` };
  return undefined;
}

function commonProblem(event: EventFields): Discard | undefined {
  const { messageId, timestamp } = event;
  if (
    messageId !== undefined &&
    (typeof messageId !== "string" || messageId === "" || messageId.length >= 100)
  )
    return {
      code: "bad_request",
      reason: `messageId is ${shortly(messageId)}; fewer than 100 characters are taken`,
    };
  if (timestamp !== undefined && (typeof timestamp !== "string" || Number.isNaN(Date.parse(timestamp))))
    return { code: "bad_request", reason: `timestamp is ${shortly(timestamp)}` };
  for (const field of ["context", "integrations"] as const)
    if (event[field] !== undefined && !isObject(event[field]))
      return { code: "bad_request", reason: `${field} is ${shortly(event[field])}` };
  return undefined;
}

export function isObject(value: unknown): value is EventFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shortly(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= 60 ? text : `${text.slice(0, 60)}… (${text.length} characters)`;
}
