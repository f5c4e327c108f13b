// Personal data out of events. Three ways, at any number of paths:
//
//   hash     HMAC-SHA-256 with the key, base64url, 43 characters: the same value gives the same text, so that
//            events of one person still belong together; nobody without the key can try values out
//   mask     a fixed text in its place
//   remove   the field goes
//
// A dead letter keeps the raw record: what is redacted here is not redacted there.

import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

import Type, { type Static } from "typebox";

import { SecretText } from "../config/secret.ts";
import { defineTransform, type StageProblem } from "../engine/contracts.ts";
import { type EventDocument, envelopeRejects } from "../events/envelope.ts";
import { changePath, isPath, parsePath, REMOVED, type Step } from "../expressions/field-path.ts";
import { MAX_PATH_CHARACTERS } from "../expressions/limits.ts";
import { onShape } from "../expressions/on-shape.ts";
import { type Scope, scopeOf } from "../expressions/scope.ts";
import { pathProblems } from "../expressions/path-problems.ts";
import { canonicalJson } from "./segment-event/message-id.ts";

const MAX_PATHS = 100;
const MIN_KEY_CHARACTERS = 16;

const paths = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: MAX_PATH_CHARACTERS }), {
    default: [],
    maxItems: MAX_PATHS,
    uniqueItems: true,
    description,
  });

const redactConfig = Type.Object(
  {
    on: onShape,
    hash: paths("Paths of values to replace by their keyed hash; `*` stands for every member or element."),
    mask: paths("Paths of values to replace by the text `maskWith`."),
    remove: paths("Paths of fields to remove."),
    key: Type.Optional(
      SecretText({
        minLength: MIN_KEY_CHARACTERS,
        maxLength: 1_024,
        description: "Secret that hashes are made with; needed for `hash`. Another key gives other hashes.",
      }),
    ),
    maskWith: Type.String({
      default: "***",
      maxLength: 100,
      description: "What stands in place of a masked value.",
    }),
  },
  { additionalProperties: false },
);

const ways = ["hash", "mask", "remove"] as const;

export default defineTransform({
  type: "redact",
  summary: "Hashes, masks or removes personal data.",
  config: redactConfig,
  example: {
    on: "segment-event",
    hash: ["event.userId", "event.anonymousId", "event.properties.contextKeys.*"],
    mask: ["event.context.ip"],
    remove: ["event.context.traits.email"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how references are written.
    key: "${REDACT_KEY:-an-example-is-no-secret}",
    maskWith: "[masked]",
  },
  accepts: "any",
  emits: "any",
  shapeOf: ({ on }) => on,
  rejects: { ...envelopeRejects },
  *check(config): Iterable<StageProblem> {
    const { fields } = scopeOf(config.on, { repeatable: true });
    const options = { fields, wildcards: true, mustBeKnown: true, target: true };
    for (const way of ways)
      for (const [i, text] of config[way].entries()) yield* pathProblems([way, i], text, options);
    if (config.hash.length > 0 && config.key === undefined)
      yield { path: ["hash"], code: "hash-without-key", message: "hash needs the key `key`" };
  },
  create(config) {
    const scope = scopeOf(config.on, { repeatable: true });
    const redactions = redactionsOf(config, scope);
    return {
      apply(value) {
        const event = scope.event(value);
        let redacted: EventDocument = event;
        for (const { steps, change } of redactions) redacted = changePath(redacted, steps, change);
        return redacted === event ? value : scope.withEvent(value, redacted);
      },
    };
  },
});

interface Redaction {
  readonly steps: readonly Step[];
  readonly change: (value: unknown) => unknown;
}

function redactionsOf(config: Static<typeof redactConfig>, scope: Scope): Redaction[] {
  const key = config.key === undefined ? undefined : createSecretKey(Buffer.from(config.key.reveal()));
  const changes: Readonly<Record<(typeof ways)[number], (value: unknown) => unknown>> = {
    remove: () => REMOVED,
    mask: (value) => (value === null ? null : config.maskWith),
    hash: (value) => hashOf(value, key!),
  };
  return ways.flatMap((way) =>
    config[way].map((text) => {
      const parsed = parsePath(text, { fields: scope.fields, wildcards: true, mustBeKnown: false });
      if (!isPath(parsed)) throw new Error("a path that was not checked at load");
      return { steps: parsed.steps.slice(1), change: changes[way] };
    }),
  );
}

/** There is nothing personal in null, and joining on it must not work. Lists and objects are hashed whole. */
function hashOf(value: unknown, key: KeyObject): unknown {
  if (value === null || value === undefined) return value;
  const text = typeof value === "string" ? value : canonicalJson(value);
  return createHmac("sha256", key).update(text).digest("base64url");
}
