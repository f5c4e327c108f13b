// The definition files of a run. Times are scaled down, as a test may by configuration: leases of 10 s, keepalive
// of 2 s, a request's deadline of 3 s, no wait for the next try longer than 2 s.

import { fileURLToPath } from "node:url";

import { ENVIRONMENT } from "./oracle.ts";
import { SUBSCRIPTION } from "./servers.ts";

export interface PipelineOptions {
  readonly ackDeadlineSeconds?: number;
  readonly maxMessages?: number;
  readonly idleRecycleMs?: number;
  readonly keepaliveMs?: number;
  readonly rebuilds?: number;
  readonly maxRetryMs?: number;
  readonly timeoutMs?: number;
  readonly maxBatchEvents?: number;
  readonly concurrency?: number;
  readonly lingerMs?: number;
  /** A folder of segments, unless it ends otherwise. */
  readonly deadLetters?: string;
  readonly window?: { readonly size: number; readonly max: number };
  readonly inFlightRecords?: number;
  readonly drainMs?: number;
}

const SCHEMA = fileURLToPath(new URL("../../../schemas/launchdarkly/export-event.avsc", import.meta.url));

export const defaults = {
  ackDeadlineSeconds: 10,
  maxMessages: 1_000,
  keepaliveMs: 2_000,
  idleRecycleMs: 5_000,
  rebuilds: 1_000,
  maxRetryMs: 2_000,
  timeoutMs: 3_000,
  maxBatchEvents: 200,
  concurrency: 4,
  lingerMs: 50,
  deadLetters: "dead-letters/",
  window: { size: 1_000, max: 500 },
  inFlightRecords: 10_000,
  drainMs: 8_000,
} as const satisfies PipelineOptions;

export function pipelineYaml(options: PipelineOptions = {}): string {
  const o = { ...defaults, ...options };
  return `name: chaos
source:
  type: pubsub
  subscription: ${SUBSCRIPTION}
  ackDeadlineSeconds: ${o.ackDeadlineSeconds}
  maxMessages: ${o.maxMessages}
  keepaliveMs: ${o.keepaliveMs}
  keepaliveTimeoutMs: 1000
  idleRecycleMs: ${o.idleRecycleMs}
  rebuilds: ${o.rebuilds}
  maxRetryMs: ${o.maxRetryMs}
transforms:
  - { type: avro-decode, schema: "${SCHEMA}" }
  - { type: filter-enabled }
  - { type: segment-event }
sink:
  type: segment
  timeoutMs: ${o.timeoutMs}
  probeMs: 1000
  maxRetryMs: ${o.maxRetryMs}
  maxBatchEvents: ${o.maxBatchEvents}
  concurrency: ${o.concurrency}
  lingerMs: ${o.lingerMs}
deadLetters:
  type: file
  path: ${o.deadLetters}
  window: { size: ${o.window.size}, max: ${o.window.max} }
inFlight: { records: ${o.inFlightRecords} }
drainMs: ${o.drainMs}
`;
}

export function destinationsYaml(ids: readonly string[], eventsPerSecond: number): string {
  const one = (id: string, i: number) => `  - id: ${id}
    environment: ${ENVIRONMENT}
    config:
      writeKey: "\${SEGMENT_WRITE_KEY_${i + 1}}"
      endpoint: "\${SEGMENT_ENDPOINT}"
      eventsPerSecond: ${eventsPerSecond}
`;
  return `destinations:\n${ids.map(one).join("")}`;
}

export function enablementYaml(): string {
  return `environments:
  - { environment: ${ENVIRONMENT}, allFlags: false, events: true, flags: [checkout-redesign] }
`;
}
