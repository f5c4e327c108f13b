// messageId = "ld-" + base64url(sha256(destination, project, environment, event id)): 46 characters.
//
// Deterministic, so that a retry, a redelivery and a backfill carry the same id and Segment keeps one. The
// destination is part of it because Segment looks for duplicates over all of its traffic: the copy for a second
// source would be dropped (Segment docs, "Handling Duplicate Data"). Each part is written behind its own length,
// so no two lists of parts give one text.

import { hash } from "node:crypto";

import type { EventDocument } from "../../events/envelope.ts";

/** Changing anything below changes every id: what is in flight or backfilled then would come twice. */
export function messageIdPrefix(parts: {
  readonly destination: string;
  readonly project: string;
  readonly environment: string;
}): string {
  return measured(parts.destination) + measured(parts.project) + measured(parts.environment);
}

export function messageId(prefix: string, identity: string): string {
  return `ld-${hash("sha256", prefix + identity, "base64url")}`;
}

/**
 * What tells this event from all others: its id, or without one its whole content. (Two truly identical events
 * of the same millisecond then count as one. A Pub/Sub message id would tell them apart, but a backfill has
 * none.)
 */
export function eventIdentity(event: EventDocument): string {
  const id = event["id"];
  return typeof id === "string" && id !== "" ? `i${measured(id)}` : `c${canonicalJson(event)}`;
}

function measured(text: string): string {
  return `${text.length}:${text}`;
}

/**
 * JSON with sorted keys. Members that are null or undefined are left out at every depth: Avro cannot tell null
 * from absent, and the same event must have one id whether it came as JSON or as Avro.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) return canonicalObject(value);
  if (typeof value === "bigint") return value.toString();
  return JSON.stringify(value) ?? "null";
}

function canonicalObject(value: object): string {
  const members: string[] = [];
  for (const [key, member] of Object.entries(value).sort(byKey)) {
    if (member !== undefined && member !== null)
      members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
