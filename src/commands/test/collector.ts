// Takes everything and keeps nothing: in place of the dead letters, and of sinks other than Segment.

import type { LoadedStage } from "../../config/stages.ts";
import type { LaneSettings, Sink, SinkDefinition } from "../../engine/contracts.ts";

const NO_LIMIT = Number.POSITIVE_INFINITY;

const ONE_LANE: LaneSettings = {
  rates: { events: NO_LIMIT, requests: NO_LIMIT, bytes: NO_LIMIT },
  concurrency: 1,
  lingerMs: 0,
  probeMs: 60_000,
};

const takesAll: Sink = {
  limits: {
    count: 1_000,
    bytes: 64 * 1024 ** 2,
    itemBytes: 16 * 1024 ** 2,
    envelopeBytes: 0,
    separatorBytes: 1,
  },
  laneOf: () => "main",
  laneSettings: () => ONE_LANE,
  encode: (value) => JSON.stringify(value),
  write: () => Promise.resolve(undefined),
  probe: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

export const collector: LoadedStage<SinkDefinition> = {
  // Only `create` and `type` are looked at once a definition is loaded.
  definition: {
    role: "sink",
    type: "collector",
    accepts: "any",
    create: () => takesAll,
  } as unknown as SinkDefinition,
  config: {},
};
