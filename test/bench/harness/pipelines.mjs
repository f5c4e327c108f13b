// The pipelines that are measured: the shipped one, but for its limits and where things are.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ENVIRONMENT } from "./inputs.mjs";
import { exportSchema } from "./product.mjs";

/** Far above what is reached, so that the limiter works and does not limit. */
const EVENTS_PER_SECOND = 1_000_000;
const REQUESTS_PER_SECOND = 10_000;
export const WRITE_KEY = "a-write-key-for-benchmarks";

/**
 * Writes pipeline.yaml with its destinations and enablement into a new folder; yields the pipeline's path. `destinations`:
 * how many get every event. `flags`: those that are on; without them all are. A job that is killed and run again needs a
 * name of its own: after an unclean start a pipeline looks for a poison, one event after the other.
 */
export function writePipeline(
  parent,
  name,
  {
    subscription = "projects/bench/subscriptions/none",
    endpoint = "http://127.0.0.1:9",
    decode,
    eventsPerSecond,
    destinations = 1,
    flags,
  } = {},
) {
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  // With a rate of its own a pipeline has the product's limit on requests, too.
  const rates = eventsPerSecond
    ? `eventsPerSecond: ${eventsPerSecond}`
    : `eventsPerSecond: ${EVENTS_PER_SECOND}, requestsPerSecond: ${REQUESTS_PER_SECOND}`;
  const config = `{ writeKey: "\${BENCH_WRITE_KEY}", endpoint: "${endpoint}", ${rates} }`;
  writeFileSync(
    join(folder, "destinations.yaml"),
    `destinations:\n${Array.from({ length: destinations }, (_, i) => `  - { id: ${i === 0 ? "bench" : `bench-${i}`}, environment: ${ENVIRONMENT}, config: ${config} }\n`).join("")}`,
  );
  writeFileSync(
    join(folder, "enablement.yaml"),
    flags
      ? `environments:\n  - environment: ${ENVIRONMENT}\n    events: true\n    flags:\n${flags.map((flag) => `      - ${flag}\n`).join("")}`
      : `environments: [{ environment: ${ENVIRONMENT}, allFlags: true }]\n`,
  );
  const path = join(folder, "pipeline.yaml");
  writeFileSync(
    path,
    `name: ${name}
source: { type: pubsub, subscription: ${subscription} }
transforms:
  - ${decode ?? `{ type: avro-decode, schema: "${exportSchema}" }`}
  - { type: filter-enabled }
  - { type: segment-event }
sink: { type: segment }
deadLetters: { type: file, path: dead-letters/ }
`,
  );
  return path;
}
