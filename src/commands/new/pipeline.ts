// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { access } from "node:fs/promises";
import { join, relative } from "node:path";

import type { Scaffold } from "./write-files.ts";

export interface PipelineOptions {
  readonly name: string;
  readonly source: "pubsub" | "file";
  readonly folder: string;
}

const SCHEMA_URL = "schemas/pipeline.schema.json";

/** The pipeline, and beside it the two files that it reads, unless they are there. */
export async function pipelineScaffold({ name, source, folder }: PipelineOptions): Promise<Scaffold> {
  const path = join(folder, `${name}.yaml`);
  const schema = relative(folder, SCHEMA_URL).replaceAll("\\", "/");
  const files = new Map([[path, pipelineText(name, source, schema)]]);
  for (const [file, text] of [
    ["destinations.yaml", destinationsText],
    ["enablement.yaml", enablementText],
  ] as const) {
    const beside = join(folder, file);
    if (await isMissing(beside)) files.set(beside, text);
  }
  const next = [
    `export SEGMENT_WRITE_KEY=…   # of a Segment source`,
    ...(source === "pubsub" ? ["export SLUICE_SUBSCRIPTION=projects/<project>/subscriptions/<name>"] : []),
    `sluice validate ${path}`,
    `sluice graph ${path}`,
    source === "pubsub"
      ? `sluice run ${path}`
      : `sluice backfill ${path} --from 'archive/**/*.ndjson' --dry-run`,
  ];
  return { files, changes: new Map(), next };
}

const sources: Readonly<Record<PipelineOptions["source"], string>> = {
  pubsub:
    "  type: pubsub\n  subscription: ${SLUICE_SUBSCRIPTION:-projects/local/subscriptions/launchdarkly-events}",
  file: "  type: file\n  paths: [archive/*.ndjson]",
};

function pipelineText(name: string, source: PipelineOptions["source"], schema: string): string {
  return `# yaml-language-server: $schema=${schema}

name: ${name}

source:
${sources[source]}

transforms:
  - type: json-decode # Avro on the topic? avro-decode reads both.
  - type: filter-enabled # what enablement.yaml switches on
  # - type: filter
  #   keep: event.kind != 'feature' || event.key in ['checkout', 'search']
  - type: segment-event # one Segment event for each destination of destinations.yaml
  # - type: map-fields
  #   on: segment-event
  #   steps:
  #     - set: event.properties.team
  #       value: growth

sink:
  type: segment

# What can never be delivered, on disk before the message is acked.
deadLetters:
  type: file
  path: \${SLUICE_DEAD_LETTERS:-../.sluice/dead-letters/}
`;
}

const destinationsText = `# Who gets the events of which LaunchDarkly environment.

destinations:
  - id: segment-production
    name: Production
    environment: your-client-side-id # LaunchDarkly: the environment's client-side id
    config:
      writeKey: \${SEGMENT_WRITE_KEY}
`;

const enablementText = `# What is exported. An environment that is not listed exports nothing.

environments:
  - environment: your-client-side-id
    allFlags: true
    events: true
`;

async function isMissing(path: string): Promise<boolean> {
  try {
    await access(path);
    return false;
  } catch {
    return true; // Whatever else keeps it from being seen, writing will say.
  }
}
