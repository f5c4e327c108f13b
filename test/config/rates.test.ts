// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { expect, test } from "vitest";

import { registry } from "../../src/registry.ts";
import { problemsOf } from "../support/definitions.ts";

/** The sink's line is the fifth. */
const said = (sink: string, destination: string, more = "") =>
  problemsOf({
    registry,
    text: `name: demo
source: {type: memory, values: []}
transforms: [{type: json-decode}, {type: segment-event}]
${more}
sink: {type: segment${sink}}
deadLetters: {type: file, path: d.ndjson}
`,
    files: {
      "/p/destinations.yaml": `destinations: [{id: main, environment: e, config: {writeKey: "\${SEGMENT_WRITE_KEY}"${destination}}}]`,
    },
  });

test("an event that a destination could never take in a second is a problem: it would wait for ever", async () => {
  expect(await said("", ", bytesPerSecond: 20000")).toEqual([
    "5:14 event-over-rate destination main takes 20000 bytes a second, but one event with its envelope may have 33792; raise its bytesPerSecond or lower maxEventBytes",
  ]);
  expect(await said(", maxEventBytes: 20000", ", bytesPerSecond: 20000")).toEqual([
    "5:38 event-over-rate destination main takes 20000 bytes a second, but one event with its envelope may have 21024; raise its bytesPerSecond or lower maxEventBytes",
  ]);
  expect(await said(", maxEventBytes: 18976", ", bytesPerSecond: 20000")).toEqual([]);
  expect(await said("", "")).toEqual([]);
});

test("a batch that somebody wrote larger than every rate is a problem, a default is none", async () => {
  expect(await said(", maxBatchEvents: 101", ", eventsPerSecond: 100")).toEqual([
    "5:39 batch-over-rate a batch of 101 events can never fill: no destination takes more than 100 a second",
  ]);
  expect(await said(", maxBatchEvents: 100", ", eventsPerSecond: 100")).toEqual([]);
  expect(await said("", ", eventsPerSecond: 1")).toEqual([]);
});

test("requests that could never all be full are a problem, where it was written", async () => {
  expect(await said(", concurrency: 11", "")).toEqual([
    "5:36 writes-over-in-flight 11 requests of 1000 events are 11000, but at most 10000 records are in flight",
  ]);
  expect(await said("", "", "inFlight: {records: 3999}")).toEqual([
    "4:21 writes-over-in-flight 4 requests of 1000 events are 4000, but at most 3999 records are in flight",
  ]);
  expect(await said("", "", "inFlight: {records: 4000}")).toEqual([]);
});

test("limits above Segment's are problems", async () => {
  expect(await said(", maxBatchEvents: 2501, maxBatchBytes: 500001, maxEventBytes: 32769", "")).toEqual([
    '5:39 out-of-range "maxBatchEvents" must be at most 2500, not 2501',
    '5:60 out-of-range "maxBatchBytes" must be at most 500000, not 500001',
    '5:83 out-of-range "maxEventBytes" must be at most 32768, not 32769',
  ]);
});
