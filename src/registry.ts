// The only list of stages: a new stage adds one line here. Definitions are light; what is heavy about a stage
// (a vendor's client) is imported when the stage is created.

import type { Registry } from "./config/registry.ts";
import fileSink from "./sinks/file/file.ts";
import pubsubSink from "./sinks/pubsub.ts";
import segment from "./sinks/segment/segment.ts";
import stdout from "./sinks/stdout.ts";
import fileSource from "./sources/file/file.ts";
import memory from "./sources/memory.ts";
import pubsubSource from "./sources/pubsub/pubsub.ts";
import avroDecode from "./transforms/avro-decode.ts";
import dedupe from "./transforms/dedupe.ts";
import filter from "./transforms/filter.ts";
import filterEnabled from "./transforms/filter-enabled.ts";
import filterTime from "./transforms/filter-time.ts";
import jsonDecode from "./transforms/json-decode.ts";
import mapFields from "./transforms/map-fields.ts";
import redact from "./transforms/redact.ts";
import sample from "./transforms/sample.ts";
import segmentEvent from "./transforms/segment-event.ts";

export const registry: Registry = {
  sources: [pubsubSource, fileSource, memory],
  transforms: [
    avroDecode,
    jsonDecode,
    filterEnabled,
    filterTime,
    filter,
    segmentEvent,
    mapFields,
    redact,
    sample,
    dedupe,
  ],
  sinks: [segment, fileSink, stdout, pubsubSink],
};
