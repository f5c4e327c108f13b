// Which sinks take a value. Each sink has a Delivery of its own: queues and health are never shared, so one that
// is down delays another only when what it holds fills the ledger, which all of a run share.
//
// A value travels under one receipt whatever becomes of it: it gets a part for each sink that takes it, and one for
// each sink that could not decide. All parts are added before the first may close.

import assert from "node:assert";

import { Drop, type Origin, type Rates, type Sink } from "./contracts.ts";
import { Delivery, type EncodedItem } from "./delivery.ts";
import { DataError, type SinkFault, toError } from "./errors.ts";
import type { Lane, LaneContext } from "./lane.ts";
import type { LaneItem } from "./lane-queue.ts";
import { labelled } from "./labelled-log.ts";
import { Limiter } from "./limiter.ts";
import type { WriteNote } from "./observers.ts";
import type { Item } from "./pipeline.ts";
import { SharedLimiters } from "./shared-limiters.ts";

export interface PlannedSink {
  /** Unique in its pipeline. */
  readonly name: string;
  /** The YAML type. */
  readonly type: string;
  readonly sink: Sink;
  /** Which values it takes; absent: all. Throws DataError when that cannot be told for a value. */
  takes?(value: unknown, origin: Origin): boolean;
}

/** What is still to be done about a record, when the rest of it was done before: for a redrive. */
export interface Only {
  sends(origin: Origin, sink: PlannedSink, value: unknown): boolean;
  /** Whether a transform's error for one destination is new. */
  concerns(origin: Origin, destination: string): boolean;
}

export interface RouterEvents {
  delivered(sink: PlannedSink, lane: string, items: readonly LaneItem[], write: WriteNote): void;
  /** `error.code` is the dead-letter code. `lane`: undefined when it could not be told. */
  rejected(item: Item, error: DataError | SinkFault, sink: PlannedSink, lane: string | undefined): void;
  dropped(item: Item, drop: Drop): void;
  bug(error: unknown): void;
}

export interface RouterContext extends Omit<LaneContext, "sink"> {
  /** Absent: rates hold over the sinks of this router only. */
  readonly limiters?: SharedLimiters | undefined;
}

/** The stage of what is decided between transforms and sinks, in drops and metrics. */
export const ROUTING = "sinks";
export const unrouted = new Drop("unrouted");
/** No decision about an event: it has been delivered there, or has a letter of its own. */
export const otherDestination = new Drop("other-destination");

interface Route {
  readonly planned: PlannedSink;
  readonly delivery: Delivery;
  waiting: Item[];
}

export class Router {
  private readonly routes: readonly Route[];
  private readonly limiters: SharedLimiters;
  /** One sink that takes everything: nothing is asked per value. */
  private readonly direct: Delivery | undefined;

  constructor(
    sinks: readonly PlannedSink[],
    private readonly context: RouterContext,
    private readonly events: RouterEvents,
    private readonly only?: Only,
  ) {
    this.limiters = context.limiters ?? new SharedLimiters();
    this.routes = sinks.map((planned) => ({
      planned,
      delivery: this.deliveryTo(planned, sinks.length > 1),
      waiting: [],
    }));
    const [first] = this.routes;
    const isPlain = this.routes.length === 1 && first?.planned.takes === undefined && only === undefined;
    this.direct = isPlain ? first?.delivery : undefined;
  }

  accept(items: readonly Item[]): void {
    if (this.direct) {
      this.direct.accept(items);
      return;
    }
    for (const item of items) this.route(item);
    for (const route of this.routes) {
      if (route.waiting.length === 0) continue;
      const { waiting } = route;
      route.waiting = [];
      route.delivery.accept(waiting);
    }
  }

  /** For a fused plan, which is made for one sink that takes everything. */
  acceptEncoded(items: readonly EncodedItem[]): void {
    assert(this.direct, "a fused plan knows no routes");
    this.direct.acceptEncoded(items);
  }

  /** Partial batches go now. */
  drain(): void {
    for (const { delivery } of this.routes) delivery.drain();
  }

  stop(): void {
    for (const { delivery } of this.routes) delivery.stop();
  }

  refreshLanes(): void {
    for (const { delivery } of this.routes) delivery.refreshLanes();
  }

  /** A share of a lane's rate for something that goes past its queue; at the sink that sends to it already, else the first. */
  reserve(lane: string, bytes: number, signal: AbortSignal): Promise<void> {
    const inUse = this.routes.find(({ delivery }) => delivery.has(lane));
    return (inUse ?? this.routes[0]!).delivery.reserve(lane, bytes, signal);
  }

  *lanes(): Iterable<{ readonly sink: string; readonly lane: Lane }> {
    for (const { planned, delivery } of this.routes)
      for (const lane of delivery.all()) yield { sink: planned.name, lane };
  }

  private deliveryTo(planned: PlannedSink, isOneOfMany: boolean): Delivery {
    const { log, clock, limiterOf, limiters } = this.context;
    const alone = (_: string, rates: Rates, largest: number) => new Limiter(clock, rates, largest);
    const isShared = isOneOfMany || limiters !== undefined;
    const context = {
      ...this.context,
      // Sinks of one type that lead to one destination share its rate.
      limiterOf: isShared ? this.limiters.makerFor(planned.type, limiterOf ?? alone) : limiterOf,
      sink: planned.name,
      log: isOneOfMany ? labelled(log, { sink: planned.name }) : log,
    };
    return new Delivery(planned.sink, context, {
      delivered: (lane, items, write) => this.events.delivered(planned, lane, items, write),
      rejected: (item, error, lane) => this.events.rejected(item, error, planned, lane),
      bug: (error) => this.events.bug(error),
    });
  }

  private route(item: Item): void {
    const takers: Route[] = [];
    const failures: { readonly planned: PlannedSink; readonly error: DataError }[] = [];
    const { only } = this;
    let isWanted = false;
    for (const route of this.routes) {
      const { planned } = route;
      try {
        if (only && !only.sends(item.origin, planned, item.value)) continue;
        isWanted = true;
        if (planned.takes?.(item.value, item.origin) ?? true) takers.push(route);
      } catch (error) {
        failures.push({ planned, error: this.explain(item, planned, error) });
      }
    }
    const parts = takers.length + failures.length;
    if (parts === 0) {
      this.events.dropped(item, isWanted ? unrouted : otherDestination);
      return;
    }
    if (parts > 1) item.receipt.add(parts - 1);
    for (const route of takers) route.waiting.push(item);
    for (const { planned, error } of failures)
      this.events.rejected(item, error, planned, laneOf(planned.sink, item.value));
  }

  private explain({ origin }: Item, { name }: PlannedSink, error: unknown): DataError {
    if (error instanceof DataError) return error;
    const fields = { sink: name, id: origin.id, err: error };
    this.context.log.error(fields, "it could not be told whether a sink takes a value; it is dead-lettered");
    return new DataError("bug", toError(error).message, { cause: error });
  }
}

function laneOf(sink: Sink, value: unknown): string | undefined {
  try {
    return sink.laneOf(value);
  } catch {
    // What it would have been for is not known either; the letter says which sink.
    return undefined;
  }
}
