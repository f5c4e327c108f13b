import { expect, test } from "vitest";

import { draw } from "../../../src/commands/graph/draw.ts";
import { graphOf } from "../../../src/commands/graph/plan.ts";
import { registry } from "../../../src/registry.ts";
import { loaded } from "../../support/definitions.ts";

const text = `name: demo
source: {type: memory, values: []}
transforms:
  - type: json-decode
  - type: filter
    keep: event.kind == 'feature'
  - type: segment-event
  - type: redact
    on: segment-event
    remove: [event.context]
sink: {type: segment}
deadLetters: {type: file, path: d.ndjson}
`;
const destinations = (name: string) => `destinations:
  - id: production
    name: ${JSON.stringify(name)}
    environment: 5d4b12345d2a2806bd2cc6eb
    config:
      writeKey: \${SEGMENT_WRITE_KEY}
`;

async function graph(name = "Production") {
  return graphOf(await loaded({ text, registry, files: { "/p/destinations.yaml": destinations(name) } }));
}

test("text: the way from top to bottom, with the shapes between, the lanes, and the dead letters last", async () => {
  expect(draw(await graph(), "text")).toBe(
    [
      "demo",
      "",
      "source memory",
      "    in flight: 10000 records, 32 MiB",
      "  │",
      "  ▼ bytes",
      "transform json-decode",
      "  │",
      "  ▼ export-event",
      "transform filter",
      "    drops: filtered, filter-failed",
      "  │",
      "  ▼ export-event",
      "transform segment-event",
      "    drops: skipped-kind, no-destination",
      "  │",
      "  ▼ segment-event",
      "transform redact",
      "  │",
      "  ▼ segment-event",
      "sink segment",
      "    └─▶ destination Production",
      "          environment 5d4b12345d2a2806bd2cc6eb",
      "          at most 900 events/s, 100 requests/s",
      "          https://api.segment.io",
      "",
      "dead-letters file",
      "    stops after 500 of the last 1000",
    ].join("\n"),
  );
});

test("mermaid and dot: every node and edge, dead letters aside", async () => {
  const drawn = await graph();
  const mermaid = draw(drawn, "mermaid").split("\n");
  expect(mermaid[0]).toBe("flowchart TD");
  expect(mermaid).toContain('  source_memory -- "bytes" --> transform1_json_decode');
  expect(mermaid).toContain('  transform2_filter -. "bad data" .-> dead_letters_file');
  const dot = draw(drawn, "dot").split("\n");
  expect(dot[0]).toBe('digraph "demo" {');
  expect(dot).toContain('  sink_segment -> destination_1 [label="lane"];');
  expect(dot.at(-1)).toBe("}");
  for (const lines of [mermaid, dot])
    expect(lines.length).toBeGreaterThan(drawn.nodes.length + drawn.edges.length);
});

test("names that mean something in a notation are escaped", async () => {
  const drawn = await graph('<b>"x"\\</b>\u001b[31m');
  expect(draw(drawn, "mermaid")).toContain("#60;b#62;#34;x#34;#92;#60;/b#62; [31m");
  expect(draw(drawn, "dot")).toContain('<b>\\"x\\"\\\\</b> [31m');
  expect(draw(drawn, "text")).not.toContain("\u001b");
});

test("no write key is drawn", async () => {
  const drawn = await graph();
  for (const notation of ["text", "mermaid", "dot"] as const)
    expect(draw(drawn, notation)).not.toContain("canary");
});

test("several sinks stand side by side, each with its name, its condition and its lanes", async () => {
  const several = text.replace(
    "sink: {type: segment}",
    "sinks: [{type: segment, when: event.type == 'track'}, {name: archive, type: file, path: a.ndjson}]",
  );
  const pipeline = await loaded({
    text: several,
    registry,
    files: { "/p/destinations.yaml": destinations("One") },
  });
  const { nodes, edges } = graphOf(pipeline);
  expect(nodes.filter(({ role }) => role === "sink")).toEqual([
    { id: "sink1_segment", role: "sink", title: "segment", lines: ["when event.type == 'track'"] },
    { id: "sink2_file", role: "sink", title: "archive (file)", lines: [] },
  ]);
  expect(edges.filter(({ from }) => from === "transform4_redact").map(({ to }) => to)).toEqual([
    "sink1_segment",
    "sink2_file",
    "dead_letters_file",
  ]);
  expect(edges.find(({ label }) => label === "lane")).toMatchObject({
    from: "sink1_segment",
    to: "destination1_1",
  });
});
