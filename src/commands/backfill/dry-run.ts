import type { Sink } from "../../engine/contracts.ts";

/** The same sink without its effects: values are encoded and checked, but nothing leaves, at any rate. */
export function dryRun(sink: Sink): Sink {
  const none = Number.POSITIVE_INFINITY;
  return {
    limits: sink.limits,
    laneOf: (value) => sink.laneOf(value),
    laneSettings: (lane) => ({
      ...sink.laneSettings(lane),
      rates: { events: none, requests: none, bytes: none },
    }),
    encode: (value) => sink.encode(value),
    write: async () => undefined,
    probe: async () => undefined,
    close: () => sink.close(),
  };
}
