import Type, { type Static } from "typebox";

import { defineTransform, Drop, type Origin, type StageProblem } from "../engine/contracts.ts";
import type { ExportEvent } from "../events/export-event.ts";

const config = Type.Object(
  {
    since: Type.Optional(
      Type.String({
        description:
          "Events before this time are dropped. ISO 8601, for example 2026-11-01 or 2026-11-01T08:00:00Z.",
      }),
    ),
    until: Type.Optional(Type.String({ description: "Events at or after this time are dropped. ISO 8601." })),
  },
  { additionalProperties: false },
);

const outside = new Drop("outside-time-window");

/**
 * Keeps the events of `[since, until)` by their `creationDate` (Unix milliseconds), else by the time they were
 * published. An event with neither passes: what is wrong with it is for a later stage to say.
 */
export default defineTransform({
  type: "filter-time",
  summary: "Keeps the events of a stretch of time.",
  accepts: "export-event",
  emits: "export-event",
  config,
  example: { since: "2026-11-01T00:00:00Z", until: "2026-11-08T00:00:00Z" },
  drops: { "outside-time-window": "The event is older than `since`, or not older than `until`." },
  check: timeProblems,
  create({ since, until }) {
    const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
    const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
    return {
      apply(value: unknown, origin: Origin) {
        const time = timeOf(value as ExportEvent, origin);
        return time === undefined || (time >= sinceMs && time < untilMs) ? value : outside;
      },
    };
  },
});

/** Also for the options of commands that mean the same. */
export function* timeProblems({ since, until }: Static<typeof config>): Iterable<StageProblem> {
  for (const [key, text] of Object.entries({ since, until })) {
    if (text !== undefined && Number.isNaN(Date.parse(text))) yield notATime(key, text);
  }
  if (since !== undefined && until !== undefined && Date.parse(since) >= Date.parse(until)) {
    yield {
      path: ["until"],
      code: "empty-time-window",
      message: `until (${until}) must be after since (${since})`,
    };
  }
}

function notATime(key: string, text: string): StageProblem {
  return {
    path: [key],
    code: "not-a-time",
    message: `${key} is not a time: ${JSON.stringify(text.slice(0, 40))}; write 2026-11-01T08:00:00Z`,
  };
}

function timeOf({ event }: ExportEvent, origin: Origin): number | undefined {
  const creationDate = event?.["creationDate"];
  if (typeof creationDate === "number") return creationDate;
  return origin.publishedAtMs > 0 ? origin.publishedAtMs : undefined;
}
