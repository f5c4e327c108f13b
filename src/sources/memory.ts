import { Type } from "typebox";

import { defineSource, type Intake, type Source, type SourceRecord } from "../engine/contracts.ts";

const config = Type.Object(
  {
    values: Type.Array(Type.Unknown(), {
      maxItems: 100_000,
      description: "The records, in order. A text is handed over as it is; anything else as its JSON text.",
    }),
  },
  { additionalProperties: false },
);

/** Bounded; ids are `memory#0`, `memory#1`, … What is given back does not come again. */
export default defineSource({
  type: "memory",
  summary: "Hands over records written in the definition itself: for tests and examples.",
  emits: "bytes",
  config,
  example: {
    values: [
      { environment: "5d4b12345d2a2806bd2cc6eb", event: { kind: "click", url: "https://example.com" } },
      "not JSON",
    ],
  },
  create: ({ values }) => new MemorySource(values),
});

class MemorySource implements Source {
  readonly redelivers = false;

  constructor(private readonly values: readonly unknown[]) {}

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    for (const [index, value] of this.values.entries()) {
      if (signal.aborted) return;
      const room = intake.offer(recordOf(value, index));
      if (room) await room;
    }
  }

  async close(): Promise<void> {}
}

function recordOf(value: unknown, index: number): SourceRecord {
  return {
    id: `memory#${index}`,
    body: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
    attributes: {},
    publishedAtMs: 0,
    attempt: 1,
    writerSchema: undefined,
    settle() {},
  };
}
