// A local Segment: the tracking API with its documented limits and its silence about what it drops, a debugger
// page, and scripted faults. For the quick start, for tests, and for users' own tests.
//
// Life: listening (from `startSegment`) -> closed (`close`: every connection is cut, nothing is left open).

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type Clock, systemClock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { type FaultRule, FaultScript } from "./faults.ts";
import type { IdRecord } from "./id-ledger.ts";
import { IngestHandler, type ReceivedRequest, type SegmentRates } from "./ingest-handler.ts";
import { InspectionHandler } from "./inspection-handler.ts";
import type { OutputEvent } from "./output-event.ts";
import { type DroppedEvent, type SegmentStats, Workspace } from "./workspace.ts";

export interface SegmentEmulatorOptions {
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  /** Existing sources; default: every key of eight characters or more. Events for others are dropped behind a 200. */
  readonly writeKeys?: readonly string[];
  readonly disabledKeys?: readonly string[];
  /** Above these, 429. Per second, over all keys as in one workspace; default: no limit. */
  readonly rates?: Partial<SegmentRates>;
  /** What a 429 asks for, in seconds. */
  readonly retryAfterSeconds?: number;
  /** How many events, and drops, and requests are kept to look at. */
  readonly keepEvents?: number;
  readonly dedupeWindowMs?: number;
  readonly dedupeMaxIds?: number;
  /** How many ids the oracle counts (deliveries, digests); 0: none. */
  readonly ledgerMaxIds?: number;
  /** Keeps the raw bodies of the last `keepEvents` requests. */
  readonly recordBodies?: boolean;
  /** How long an idle connection is kept. */
  readonly keepAliveMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: Logger;
}

export interface SegmentEmulator {
  /** For example `http://127.0.0.1:41234`: a destination's endpoint, or the `host` of a Segment library. */
  readonly url: string;
  readonly port: number;
  /** What Segment would hand on, newest first. */
  events(limit?: number): OutputEvent[];
  /** What was dropped behind a 200 (and repetitions, with code `duplicate`), newest first. */
  dropped(limit?: number): DroppedEvent[];
  /** The last requests, newest first; bodies only with `recordBodies`. */
  requests(limit?: number): ReceivedRequest[];
  /** With `ledgerMaxIds`: what is known of each id, repetitions included. */
  ids(): ReadonlyMap<string, IdRecord>;
  stats(): SegmentStats;
  /** Resolves when that many events were accepted since the start; rejects after `timeoutMs`. */
  waitForEvents(count: number, timeoutMs?: number): Promise<void>;
  /** Returns a function that takes the fault away again. */
  inject(rule: FaultRule): () => void;
  clearFaults(): void;
  setRates(rates: Partial<SegmentRates>): void;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;

export async function startSegment(options: SegmentEmulatorOptions = {}): Promise<SegmentEmulator> {
  const clock = options.clock ?? systemClock;
  const host = options.host ?? "127.0.0.1";
  const waiting = new Set<(total: number) => void>();
  const workspace = new Workspace(
    clock,
    {
      writeKeys: options.writeKeys,
      disabledKeys: options.disabledKeys ?? [],
      keepEvents: options.keepEvents ?? 1_000,
      dedupeWindowMs: options.dedupeWindowMs ?? DAY_MS,
      dedupeMaxIds: options.dedupeMaxIds ?? 250_000,
      ledgerMaxIds: options.ledgerMaxIds ?? 0,
      log: options.log,
    },
    (total) => {
      for (const check of waiting) check(total);
    },
  );
  const faults = new FaultScript(clock, options.random ?? Math.random);
  const ingest = new IngestHandler(workspace, faults, clock, {
    retryAfterSeconds: options.retryAfterSeconds ?? 1,
    keepRequests: options.keepEvents ?? 1_000,
    recordBodies: options.recordBodies ?? false,
  });
  ingest.setRates(options.rates ?? {});
  const inspection = new InspectionHandler(workspace, faults, ingest);
  const server = createServer({ keepAliveTimeout: options.keepAliveMs ?? 5_000 }, (request, response) => {
    // A peer that goes away in the middle is part of the game.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    if (!ingest.handle(request, response)) inspection.handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    events: (limit) => workspace.events(limit),
    dropped: (limit) => workspace.dropped(limit),
    requests: (limit) => ingest.requests(limit),
    ids: () => workspace.ledger?.all() ?? new Map(),
    stats: () => workspace.stats(),
    inject: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    setRates: (rates) => ingest.setRates(rates),
    waitForEvents: (count, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const done = (end: () => void): void => {
          cancel();
          waiting.delete(check);
          end();
        };
        const check = (total: number): void => {
          if (total >= count) done(resolve);
        };
        const cancel = clock.after(timeoutMs, () => {
          const { accepted } = workspace.stats();
          done(() => reject(new Error(`${accepted} of ${count} events came within ${timeoutMs} ms`)));
        });
        waiting.add(check);
        check(workspace.stats().accepted);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
