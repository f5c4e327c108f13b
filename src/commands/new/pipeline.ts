// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { access } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import type { Scaffold } from "./write-files.ts";

export interface PipelineOptions {
  readonly name: string;
  readonly source: "pubsub" | "file";
  readonly folder: string;
}

const SCHEMA = "schemas/pipeline.schema.json";
const TEST_SCHEMA = "schemas/pipeline-test.schema.json";

/** The pipeline and a test of it, and beside them the two files that it reads, unless they are there. */
export async function pipelineScaffold({ name, source, folder }: PipelineOptions): Promise<Scaffold> {
  const path = join(folder, `${name}.yaml`);
  const files = new Map([[path, pipelineText(name, source, await schemaPath(folder, SCHEMA))]]);
  for (const [file, text] of [
    ["destinations.yaml", destinationsText],
    ["enablement.yaml", enablementText],
  ] as const) {
    const beside = join(folder, file);
    if (await isMissing(beside)) files.set(beside, text);
  }
  // Its case is about the environment of the two files as they are written here.
  if (files.size === 3)
    files.set(join(folder, `${name}.test.yaml`), testText(name, await schemaPath(folder, TEST_SCHEMA)));
  const next = [
    `sluice validate ${folder}/*.yaml --without-secrets`,
    "sluice test",
    `export SEGMENT_WRITE_KEY=…   # of a Segment source`,
    ...(source === "pubsub" ? ["export SLUICE_SUBSCRIPTION=projects/<project>/subscriptions/<name>"] : []),
    `sluice graph ${path}`,
    source === "pubsub"
      ? `sluice run ${path}`
      : `sluice backfill ${path} --from 'archive/**/*.ndjson' --dry-run`,
  ];
  return { files, changes: new Map(), next };
}

/** Beside the folder in a clone, else in the installed package: for editors, which need a file. */
async function schemaPath(folder: string, schema: string): Promise<string> {
  const ours = fileURLToPath(new URL(`../../../${schema}`, import.meta.url));
  const path = (await isMissing(schema)) ? ours : schema;
  return relative(folder, path).replaceAll("\\", "/");
}

function testText(name: string, schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# Run it: sluice test

pipeline: ${name}.yaml
cases:
  - name: a click of an enabled environment becomes a Segment event
    given:
      - json:
          project: your-project
          environment: your-client-side-id
          event: {kind: click, id: e1, key: signup, creationDate: 1767225600000, url: "https://example.com", contextKeys: {user: ann}}
    expect:
      events: [{type: track, event: click, userId: ann}]
      drops: {}
      deadLetters: {}
      acked: 1
`;
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
