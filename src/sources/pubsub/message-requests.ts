// The three kinds of requests about messages in hand (acknowledge, give back, extend leases), each with its
// counters, and with its trouble reported once per change.

import type { RunContext } from "../../engine/contracts.ts";
import { AckBatches } from "./acks.ts";
import type { PullClient } from "./client.ts";
import type { PubSubSourceConfig } from "./config.ts";
import { Leases } from "./leases.ts";
import { NotConnected } from "./status.ts";
import type { Watchdog } from "./watchdog.ts";

export interface MessageRequestsOptions {
  readonly config: PubSubSourceConfig;
  readonly context: RunContext;
  readonly watchdog: Watchdog;
  /** The present one; undefined while it is being rebuilt. */
  client(): PullClient | undefined;
  /** Fewer messages are outstanding. */
  released(): void;
}

export interface MessageRequests {
  readonly acks: AckBatches;
  readonly nacks: AckBatches;
  readonly leases: Leases;
}

export function messageRequests(options: MessageRequestsOptions): MessageRequests {
  return { acks: createAcks(options), nacks: createNacks(options), leases: createLeases(options) };
}

/** A request that takes longer is tried again, several times within a lease. */
function rpcTimeoutMs({ ackDeadlineSeconds }: PubSubSourceConfig): number {
  return Math.min(10_000, (ackDeadlineSeconds * 1_000) / 5);
}

/** Throws while there is none, which is tried again like any lost connection. */
function connected({ client }: MessageRequestsOptions): PullClient {
  const present = client();
  if (!present) throw new NotConnected();
  return present;
}

function createAcks(options: MessageRequestsOptions): AckBatches {
  const { config, context, watchdog } = options;
  return new AckBatches({
    clock: context.clock,
    random: context.random,
    // Not so many that the flow control is used up by acknowledgements that wait for company.
    count: Math.min(config.ackBatch.count, Math.ceil(config.maxMessages / 4)),
    lingerMs: config.ackBatch.ms,
    rpcTimeoutMs: rpcTimeoutMs(config),
    send: async (ids, timeoutMs) => connected(options).acknowledge(ids, timeoutMs),
    confirmed: (n) => {
      watchdog.progress();
      watchdog.working("acknowledge");
      context.count("source_acks_total", n);
    },
    failed: (code, tried) => {
      watchdog.failing("acknowledge", code);
      context.count("source_ack_failures_total", tried, { code });
    },
    finished: () => options.released(),
  });
}

function createNacks(options: MessageRequestsOptions): AckBatches {
  const { config, context, watchdog } = options;
  return new AckBatches({
    clock: context.clock,
    random: context.random,
    count: config.ackBatch.count,
    lingerMs: config.ackBatch.ms,
    rpcTimeoutMs: rpcTimeoutMs(config),
    send: async (ids, timeoutMs) => connected(options).modifyAckDeadline(ids, 0, timeoutMs),
    confirmed: () => watchdog.working("give back"),
    failed: (code) => watchdog.failing("give back", code),
    finished: () => options.released(),
  });
}

function createLeases(options: MessageRequestsOptions): Leases {
  const { config, context, watchdog } = options;
  const { ackDeadlineSeconds, maxHoldMs } = config;
  const timeoutMs = rpcTimeoutMs(config);
  return new Leases({
    clock: context.clock,
    deadlineMs: ackDeadlineSeconds * 1_000,
    maxHoldMs,
    extend: async (ids) => connected(options).modifyAckDeadline(ids, ackDeadlineSeconds, timeoutMs),
    extended: (n) => {
      watchdog.working("extend leases");
      context.count("source_lease_extensions_total", n);
    },
    expired: (n) => context.count("source_leases_expired_total", n),
    failed: (code) => watchdog.failing("extend leases", code),
  });
}
