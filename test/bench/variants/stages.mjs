// Each stage by itself, on the same events, in turns: `node stages.mjs <container file> <events> <rounds>`. Prints
// { stage: [µs per event, one a round] }. Floors are measured in the same turns.

import { Value } from "typebox/value";

import { ENVIRONMENT } from "../harness/inputs.mjs";
import { exportSchema, load } from "../harness/product.mjs";
import { readDatums } from "../harness/read-datums.mjs";

const [file, events, rounds] = process.argv.slice(2);
const { registry } = await load("registry.js");
const { Drop } = await load("engine/contracts.js");
const { systemClock } = await load("engine/clock.js");
const { destinationIndex } = await load("destinations/destination-index.js");
const { buildBody } = await load("sinks/segment/request-body.js");
const { compileScan, datumBoundaries } = await load("avro/scan.js");
const { loadWriterSchema, writerSchema } = await load("avro/schema.js");

const BATCH = 800;
const context = {
  pipeline: "bench",
  stage: "bench",
  log: { debug() {}, info() {}, warn() {}, error() {} },
  clock: systemClock,
  random: Math.random,
  baseDir: process.cwd(),
  destinations: destinationIndex([
    {
      id: "bench",
      name: "bench",
      environment: ENVIRONMENT,
      kind: "segment",
      on: true,
      version: 1,
      config: {
        writeKey: () => "a-write-key-for-benchmarks",
        userIdContextKind: "user",
        anonymousIdContextKind: "anonymousUser",
        endpoint: "http://127.0.0.1:9",
        rates: { events: Infinity, requests: Infinity, bytes: Infinity },
      },
    },
  ]),
  enablement: { forEnvironment: () => ({ allFlags: true, events: true, flags: new Set() }) },
  count() {},
  gauge() {},
};
const make = (list, type, settings = {}) => {
  const definition = list.find((one) => one.type === type);
  return definition.create(Value.Default(definition.config, settings), context);
};
const avro = await make(registry.transforms, "avro-decode", { schema: exportSchema });
const json = await make(registry.transforms, "json-decode");
const filter = await make(registry.transforms, "filter-enabled");
const toSegment = await make(registry.transforms, "segment-event");
const sink = await make(registry.sinks, "segment");

const { schema, data } = readDatums(file, Number(events));
const origin = (body, writer) => ({
  id: "bench",
  body,
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: writer,
});
const writer = writerSchema(schema);
const raw = data.map((body) => origin(body));
const inFile = data.map((body) => origin(body, writer));
const exported = raw.map((one) => avro.apply(one.body, one));
const texts = exported.map((event) => JSON.stringify(event));
const bodies = texts.map((text) => origin(Buffer.from(text)));
const segment = exported
  .map((event) => toSegment.apply(event, raw[0]))
  .filter((one) => !(one instanceof Drop));
const messages = segment.map(({ message }) => message);
const encoded = segment.map((value) => {
  const text = sink.encode(value);
  return { value, text, bytes: Buffer.byteLength(text), origin: raw[0] };
});
const block = Buffer.concat(data);
const scan = compileScan(loadWriterSchema(writer).type);

const each = (list, apply) => ({
  count: list.length,
  run: () => {
    let kept;
    for (const one of list) kept = apply(one);
    return kept;
  },
});
const stages = {
  "floor: JSON.parse of the event": each(texts, (text) => JSON.parse(text)),
  "floor: JSON.stringify of the message": each(messages, (message) => JSON.stringify(message)),
  "container block: borders of the data": {
    count: data.length,
    run: () => datumBoundaries(scan, block, data.length),
  },
  "avro-decode, datum of a file": each(inFile, (one) => avro.apply(one.body, one)),
  "avro-decode, auto": each(raw, (one) => avro.apply(one.body, one)),
  "json-decode": each(bodies, (one) => json.apply(one.body, one)),
  "filter-enabled": each(exported, (event) => filter.apply(event, raw[0])),
  "segment-event": each(exported, (event) => toSegment.apply(event, raw[0])),
  "segment sink: checks and encoding": each(segment, (event) => sink.encode(event)),
  "segment sink: request body": {
    count: encoded.length,
    run: () => {
      for (let at = 0; at < encoded.length; at += BATCH)
        buildBody(encoded.slice(at, at + BATCH), {
          sentAt: "2026-01-01T00:00:00.000Z",
          writeKey: "bench-key",
          version: "1",
        });
    },
  },
};

const figures = Object.fromEntries(Object.keys(stages).map((name) => [name, []]));
const WARM_UPS = 3;
for (let round = -WARM_UPS; round < Number(rounds); round++) {
  for (const [name, { count, run }] of Object.entries(stages)) {
    const startedAt = performance.now();
    run();
    if (round >= 0) figures[name].push(((performance.now() - startedAt) * 1000) / count);
  }
}
await sink.close();
console.log(JSON.stringify(figures));
