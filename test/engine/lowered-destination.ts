// A destination that takes less than a lane is configured to send, on a virtual clock: what it allows, and how it counts.

import type { Sink } from "../../src/engine/contracts.ts";
import { SinkFault } from "../../src/engine/errors.ts";
import { Lane } from "../../src/engine/lane.ts";
import type { Receipt } from "../../src/engine/ledger.ts";
import type { LimiterMaker } from "../../src/engine/limiter.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { recordingLog } from "../support/context.ts";
import { RateWatch } from "./simulation/oracle.ts";
import { type Random, randomOf } from "./simulation/random.ts";

const none = Number.POSITIVE_INFINITY;
const BYTES = 100;

export interface Allowance {
  readonly events: number;
  readonly requests?: number;
}

/** `second`: no more in any sliding second. `bucket`: one second's worth may be saved up. */
export type Counting = "second" | "bucket";

interface Write {
  readonly atMs: number;
  readonly events: number;
  readonly accepted: boolean;
}

export interface LoweredOptions {
  readonly seed: number;
  readonly counting?: Counting;
  readonly configured?: Allowance;
  /** One way, at most, in ms. */
  readonly slowMs?: number;
  readonly retryAfterMs?: number;
  readonly limiterOf?: LimiterMaker;
  readonly clock?: VirtualClock;
  readonly destination?: Destination;
}

export class Destination {
  readonly writes: Write[] = [];
  readonly watch = new RateWatch();
  allows: Allowance = { events: none };
  private tokens = 0;
  private filledAtMs = 0;

  constructor(
    private readonly clock: VirtualClock,
    private readonly counting: Counting,
  ) {}

  takes(events: number): boolean {
    const atMs = this.clock.nowMs();
    const accepted =
      this.counting === "second" ? this.fitsSecond(atMs, events) : this.fitsBucket(atMs, events);
    this.writes.push({ atMs, events, accepted });
    return accepted;
  }

  refusals(fromMs = 0, toMs = none): number {
    return this.between(fromMs, toMs).filter(({ accepted }) => !accepted).length;
  }

  /** Accepted a second. */
  took(fromMs: number, toMs: number): number {
    const accepted = this.between(fromMs, toMs).filter((write) => write.accepted);
    return (accepted.reduce((sum, { events }) => sum + events, 0) * 1000) / (toMs - fromMs);
  }

  private between(fromMs: number, toMs: number): Write[] {
    return this.writes.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  }

  private fitsSecond(atMs: number, events: number): boolean {
    let [sum, requests] = [events, 1];
    for (let i = this.writes.length - 1; i >= 0 && this.writes[i]!.atMs > atMs - 1000; i--) {
      if (!this.writes[i]!.accepted) continue;
      sum += this.writes[i]!.events;
      requests += 1;
    }
    return sum <= this.allows.events && requests <= (this.allows.requests ?? none);
  }

  private fitsBucket(atMs: number, events: number): boolean {
    const { events: rate } = this.allows;
    const filled = rate === none ? none : this.tokens + ((atMs - this.filledAtMs) / 1000) * rate;
    this.tokens = Math.min(rate, filled);
    this.filledAtMs = atMs;
    if (this.tokens < events) return false;
    this.tokens -= events;
    return true;
  }
}

/** A lane with always more to send, and its destination. */
export class Lowered {
  readonly clock: VirtualClock;
  readonly log = recordingLog();
  readonly metrics = new Metrics();
  readonly destination: Destination;
  readonly lane: Lane;
  private readonly random: Random;

  constructor(private readonly options: LoweredOptions) {
    const { seed, counting = "second", configured = { events: 900, requests: 100 } } = options;
    this.clock = options.clock ?? new VirtualClock();
    this.destination = options.destination ?? new Destination(this.clock, counting);
    this.random = randomOf(seed);
    const { events, requests = none } = configured;
    const settings = {
      rates: { events, requests, bytes: none },
      concurrency: 8,
      lingerMs: 0,
      probeMs: 1_000,
    };
    this.lane = new Lane(
      "d1",
      this.sink(),
      settings,
      {
        clock: this.clock,
        random: () => this.random.next(),
        log: this.log,
        metrics: this.metrics,
        sink: "segment",
        signal: new AbortController().signal,
        limiterOf: options.limiterOf,
      },
      {
        delivered: (_, items) => this.refill(items.length),
        rejected: () => {
          throw new Error("nothing is rejected here");
        },
        bug: (error) => {
          throw error;
        },
      },
    );
    this.refill(20_000);
    this.lane.pump();
  }

  /** Makes the destination allow so much for so long. */
  async allow(allows: Allowance, ms: number): Promise<void> {
    this.destination.allows = allows;
    await this.clock.advance(ms);
  }

  get learned(): number {
    this.lane.publishGauges();
    return this.metrics.total("sink_learned_events_per_second");
  }

  private refill(events: number): void {
    const receipt = {} as Receipt; // Nobody settles here.
    for (let i = 0; i < events; i++) this.lane.push({ value: i, text: "", bytes: BYTES, origin, receipt });
  }

  private sink(): Sink {
    const { slowMs = 2, retryAfterMs = 1_000 } = this.options;
    const travel = () =>
      new Promise<void>((resolve) => this.clock.after((0.5 + this.random.next() / 2) * slowMs, resolve));
    return {
      limits: { count: 1_000, bytes: 480_000, itemBytes: 32_768, envelopeBytes: 0, separatorBytes: 0 },
      laneOf: () => "d1",
      laneSettings: () => {
        throw new Error("the lane was given its settings");
      },
      encode: String,
      write: async ({ items, bytes }) => {
        this.destination.watch.sentNow(this.clock.nowMs(), items.length, bytes);
        await travel();
        const taken = this.destination.takes(items.length);
        await travel();
        if (!taken) throw new SinkFault("throttled", "slow down", { code: "http-429", retryAfterMs });
        return undefined;
      },
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
}

const origin = {
  id: "r",
  body: new Uint8Array(),
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: undefined,
};
