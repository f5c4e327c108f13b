// A share of the events, by a key: all events of one key pass or none, in every run, on every machine, and a
// larger share holds every key of a smaller one.

import { hash } from "node:crypto";

import Type from "typebox";

import { defineTransform, Drop, type StageProblem } from "../engine/contracts.ts";
import { envelopeRejects } from "../events/envelope.ts";
import { isPath, parsePath, readPath } from "../expressions/field-path.ts";
import { MAX_PATH_CHARACTERS } from "../expressions/limits.ts";
import { onShape } from "../expressions/on-shape.ts";
import { scopeOf } from "../expressions/scope.ts";
import { pathProblems } from "../expressions/path-problems.ts";
import { canonicalJson } from "./segment-event/message-id.ts";

/** The first six bytes of the hash: 2^48 buckets. */
const HASH_BYTES = 6;
const BUCKETS = 2 ** (8 * HASH_BYTES);

export default defineTransform({
  type: "sample",
  summary: "Keeps a share of the events, chosen by a key, always the same ones.",
  config: Type.Object(
    {
      on: onShape,
      percent: Type.Number({ minimum: 0, maximum: 100, description: "How much of the keys is kept." }),
      by: Type.String({
        minLength: 1,
        maxLength: MAX_PATH_CHARACTERS,
        description:
          "Path of the key: event.id for single events, event.userId of a Segment event for whole users.",
      }),
      whenMissing: Type.Union([Type.Literal("keep"), Type.Literal("drop")], {
        default: "keep",
        description: "What happens to an event without the key.",
      }),
      seed: Type.String({
        default: "",
        maxLength: 100,
        description: "Another text chooses other keys: for samples that must not depend on each other.",
      }),
    },
    { additionalProperties: false },
  ),
  example: { on: "export-event", percent: 12.5, by: "event.userKey", whenMissing: "drop", seed: "checkout" },
  accepts: "any",
  emits: "any",
  shapeOf: ({ on }) => on,
  drops: { "not-sampled": "The event's key is not in the sample, or is missing with whenMissing: drop." },
  rejects: { ...envelopeRejects },
  *check({ on, by }): Iterable<StageProblem> {
    const { fields } = scopeOf(on, { repeatable: true });
    yield* pathProblems(["by"], by, { fields, mustBeKnown: true, target: false });
  },
  create({ on, percent, by, whenMissing, seed }) {
    const scope = scopeOf(on, { repeatable: true });
    const path = parsePath(by, { fields: scope.fields, mustBeKnown: true });
    if (!isPath(path)) throw new Error("a path that was not checked at load");
    const bound = (percent / 100) * BUCKETS;
    const out = new Drop("not-sampled");
    return {
      apply(value, origin) {
        if (scope.isTest(value)) return value;
        const key = readPath(scope.variables(value, origin), path.steps);
        if (key === undefined || key === null) return whenMissing === "keep" ? value : out;
        const text = typeof key === "string" ? key : canonicalJson(key);
        return bucketOf(`${seed.length}:${seed}${text}`) < bound ? value : out;
      },
    };
  },
});

function bucketOf(text: string): number {
  return hash("sha256", text, "buffer").readUIntBE(0, HASH_BYTES);
}
