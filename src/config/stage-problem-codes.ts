// The problems that stages and declared files add to those of `codes.ts`: their own rules between keys.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { type CodeMeaning, problemCodes } from "./codes.ts";

export const stageProblemCodes = {
  "bad-expression": {
    meaning: "A CEL expression cannot be compiled, names a field that there is not, or may cost too much.",
    fix: "The position points into the expression. Field names are those of schemas/launchdarkly and schemas/segment; one that they do not have is written event[\"name\"]. Missing fields: has(event.field) or event.?field.orValue(…). Regular expressions: re(text, 'pattern').",
  },
  "bad-path": {
    meaning: "A path to a field does not have the form of one, or names a field that there is not.",
    fix: 'Write it as in an expression: event.properties.email, event.context["device id"].key; where a stage takes many fields, * stands for every member. A field that the schemas do not have is written with ["…"].',
  },
  "protected-field": {
    meaning: "A stage would change a field of a Segment event that deliveries rely on.",
    fix: "type, messageId and timestamp stay as they are: Segment tells events apart by messageId. Change another field, or the export event before segment-event.",
  },
  "bad-step": {
    meaning: "A step of map-fields does no thing, or more than one.",
    fix: "One of set, default (each with one of value, from, cel), rename (with to) and remove. Make a second step for a second thing.",
  },
  "hash-without-key": {
    meaning: "redact is to hash values, but has no key. Hashes without a key can be tried out by anyone.",
    fix: "Add `key: ${REDACT_KEY}` and set the variable to at least 16 random characters.",
  },
  "bad-record": {
    meaning: "A record of a test has no body, more than one, or one that is not Base64.",
    fix: "Give one of json, text, base64, avro and file.",
  },
  "avro-value": {
    meaning: "A record of a test cannot be written in its Avro schema.",
    fix: "Give the value the fields that the schema asks for; a value of a union may name its branch, as in `{string: x}`.",
  },
  "not-a-time": {
    meaning: "A text is not a time.",
    fix: "Write ISO 8601, for example 2026-11-01T08:00:00Z.",
  },
  "empty-time-window": {
    meaning: "The time window ends before it begins, so every event would be dropped.",
    fix: "Make `until` later than `since`.",
  },
  "batch-smaller-than-event": {
    meaning: "The largest batch is smaller than the largest single event, so that event could never be sent.",
    fix: "Raise the sink's `maxBatchBytes` to at least the size that the message names.",
  },
  "hold-shorter-than-lease": {
    meaning: "Messages would be let go before their first lease ends.",
    fix: "Make the source's longest hold at least as long as `ackDeadlineSeconds`.",
  },
  "bad-endpoint": {
    meaning: "An endpoint of Pub/Sub is not a host with a port.",
    fix: "Write host:port, for example us-central1-pubsub.googleapis.com:443.",
  },
  "region-and-endpoint": {
    meaning: "A destination names a region and an endpoint, which may contradict each other.",
    fix: "Keep one of them.",
  },
  "overwrite-segments": {
    meaning: "A folder of output segments cannot be overwritten: segments always get new names.",
    fix: "Remove `mode`, or write one file.",
  },
  "line-smaller-than-block": {
    meaning: "The longest line that is taken is shorter than the stretch that is read at once.",
    fix: "Raise the file source's longest line, or lower its block.",
  },
  "shard-out-of-range": {
    meaning: "A process is to read a shard that there is none of: shards are counted from 0.",
    fix: "Give it a number below how many there are.",
  },
} as const satisfies Record<string, CodeMeaning>;

/** The meaning of a problem's code, wherever it is from. */
export function meaningOf(code: string): CodeMeaning | undefined {
  const all: Readonly<Record<string, CodeMeaning>> = { ...problemCodes, ...stageProblemCodes };
  return Object.hasOwn(all, code) ? all[code] : undefined;
}
