import type {
  Destination,
  Destinations,
  Enablement,
  Logger,
  RunContext,
} from "../../src/engine/contracts.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: object;
  readonly message: string;
}

/** A logger that remembers, for tests about what an operator gets to see. */
export function recordingLog(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: LogLine["level"]) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export function aDestination(
  with_: Partial<Omit<Destination, "config">> & { config?: Partial<Destination["config"]> } = {},
): Destination {
  const { config, ...rest } = with_;
  return {
    id: "segment-production",
    name: "Segment production",
    project: undefined,
    environment: "5d4b12345d2a2806bd2cc6eb",
    kind: "segment",
    on: true,
    version: 1,
    ...rest,
    config: {
      writeKey: () => "test-write-key",
      userIdContextKind: "user",
      anonymousIdContextKind: "anonymousUser",
      endpoint: "http://127.0.0.1:1",
      rates: { events: 900, requests: 100, bytes: Number.POSITIVE_INFINITY },
      ...config,
    },
  };
}

export function destinationsOf(...list: readonly Destination[]): Destinations {
  return {
    forEnvironment: (project, environment) =>
      list.filter(
        (d) => d.on && d.environment === environment && (d.project === undefined || d.project === project),
      ),
    get: (id) => list.find((d) => d.id === id),
    all: () => list,
  };
}

export const everythingEnabled: Enablement = {
  forEnvironment: () => ({ allFlags: true, flags: new Set(), events: true }),
};

/** A world for a stage under test: a standing clock, fixed randomness, nothing logged. */
export function aContext(with_: Partial<RunContext> = {}): RunContext {
  return {
    pipeline: "test",
    stage: "stage",
    log: silentLog,
    clock: new VirtualClock(),
    random: () => 0.5,
    baseDir: process.cwd(),
    destinations: destinationsOf(aDestination()),
    enablement: everythingEnabled,
    count() {},
    gauge() {},
    ...with_,
  };
}
