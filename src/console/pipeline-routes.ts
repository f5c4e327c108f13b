// The running pipelines, and what they counted.

import type { FastifyInstance } from "fastify";
import Type from "typebox";

import type { ConsolePipeline, ProcessWorld } from "./console-world.ts";
import { errorAnswers } from "./schemas.ts";

const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description });

const pipelineRep = Type.Object({
  name: Type.String(),
  file: Type.String(),
  description: Type.Optional(Type.String()),
  state: Type.String({ description: "running, draining, stopped or failed." }),
  stages: Type.Array(Type.String()),
  definitions: Type.Integer({ description: "More than 1 while the definition before a reload drains." }),
  lastReload: Type.Optional(
    Type.Object({
      at: Type.String(),
      outcome: Type.String({ description: "applied, invalid or failed; the last two changed nothing." }),
      version: Type.Optional(Type.String()),
      problems: Type.Array(Type.String()),
    }),
  ),
  inFlight: Type.Object({ records: Type.Integer(), bytes: Type.Integer() }),
  received: Type.Integer({ description: "Records taken in." }),
  values: Type.Integer({ description: "Values that entered the first transform." }),
  delivered: Type.Integer(),
  dropped: counts("By reason."),
  deadLetters: counts("By code."),
  testEvents: Type.Integer({ description: "Test events of LaunchDarkly that came by." }),
  rateLimitWaitSeconds: Type.Number(),
  lanes: Type.Array(Type.Object({ name: Type.String(), state: Type.String(), waiting: Type.Integer() })),
});

export function pipelineRoutes(app: FastifyInstance, world: ProcessWorld): void {
  const tags = ["Pipelines"];
  app.get(
    "/api/sluice/pipelines",
    {
      schema: {
        tags,
        summary: "Running pipelines",
        response: { 200: Type.Object({ items: Type.Array(pipelineRep) }), ...errorAnswers },
      },
    },
    async () => ({ items: world.pipelines().map(view) }),
  );
}

function view(pipeline: ConsolePipeline): object {
  const { name, file, description, stages, run, metrics } = pipeline;
  const lastReload = pipeline.lastReload?.();
  return {
    name,
    file,
    ...(description === undefined ? {} : { description }),
    state: run.state,
    stages,
    definitions: pipeline.definitions?.() ?? 1,
    ...(lastReload === undefined ? {} : { lastReload }),
    inFlight: run.inFlight,
    received: metrics.total("records_received_total"),
    values: metrics.total("values_total"),
    delivered: metrics.total("sink_events_delivered_total"),
    dropped: by(metrics.samples("dropped_total"), "reason"),
    deadLetters: by(metrics.samples("dead_letters_total"), "code"),
    testEvents: metrics.total("test_events_total"),
    rateLimitWaitSeconds: metrics.total("sink_rate_limit_wait_seconds_total"),
    lanes: run.lanes(),
  };
}

function by(
  samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  label: string,
): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, value } of samples) {
    const key = labels[label] ?? "";
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return Object.fromEntries(sums);
}
