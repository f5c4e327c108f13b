// The fault matrix, rows 1 to 9: Pub/Sub and the way to it.

import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { statusNames } from "../../src/emulators/pubsub/rpc-error.ts";
import { defaults } from "./support/pipeline-yaml.ts";
import { row } from "./support/row.ts";

const LOAD = 150;
/** Generous, for a busy machine; noticing takes 3 s with these settings. */
const HALF_OPEN_WITHIN_MS = 12_000;
/** A little more than a lease. */
const LONGER_THAN_A_LEASE_MS = defaults.ackDeadlineSeconds * 1_000 + 100;

const SILENCE_MS = 3_000;

describe("the source under faults", () => {
  row("1", "Pub/Sub answers late, by 500 ms give or take 300", { load: LOAD }, async (world) => {
    world.toPubSub.set({ latency: { ms: 250, jitterMs: 150 } });
    await sleep(5_000);
    expect(await world.probe(), "an event is as late as it should be").toBeGreaterThan(100);
    world.toPubSub.heal();
    return { injected: "6 s of latency" };
  });

  row("1", "Pub/Sub comes in slices of 100 bytes over a thin line", { load: 40 }, async (world) => {
    world.toPubSub.set({ slicer: { bytes: 100, delayMs: 2 }, bandwidth: { bytesPerSecond: 40_000 } });
    await sleep(6_000);
    world.toPubSub.heal();
    return { injected: "6 s" };
  });

  row("2", "connections to Pub/Sub are reset again and again", { load: LOAD }, async (world) => {
    // What was on its way to the program need not wait for its leases.
    await world.pubsub.fault({ streams: { releaseOnEnd: true } });
    world.toPubSub.resetEvery(600, 2_000);
    await world.until("5 resets", () => world.toPubSub.resets >= 5, 60_000);
    world.toPubSub.heal();
    return { injected: `${world.toPubSub.resets} resets` };
  });

  row("3", "the connection to Pub/Sub is half open", { load: LOAD }, async (world) => {
    // As the server notices sooner or later, what it sent in vain need not wait for its leases.
    await world.pubsub.fault({ streams: { releaseOnEnd: true } });
    const frozen = world.toPubSub.freezeAll();
    const startedAt = performance.now();
    // What Pub/Sub still sends into the dead connection is leased to it. So not one event, but the first of many
    // shows when the program receives again.
    let recoveredMs = 0;
    const probes: Promise<number>[] = [];
    while (recoveredMs === 0) {
      probes.push(
        world.probe(30_000).then((tookMs) => {
          recoveredMs ||= performance.now() - startedAt;
          return tookMs;
        }),
      );
      await sleep(300);
      expect(performance.now() - startedAt, "received again").toBeLessThan(
        HALF_OPEN_WITHIN_MS * world.patience,
      );
    }
    world.toPubSub.endFrozen();
    await Promise.all(probes);
    return { injected: `${frozen} connections`, recoveredMs, note: "keepalive 2 s, its answer within 1 s" };
  });

  row(
    "3",
    "nothing passes to and from Pub/Sub, longer than a lease",
    { load: LOAD, pipeline: { keepaliveMs: 1_000 } },
    async (world) => {
      world.toPubSub.set({ blackhole: true });
      // The server would go on sending into the hole, and lease all of it, until it notices.
      await sleep(300);
      world.toPubSub.endFrozenAtServer();
      await sleep(LONGER_THAN_A_LEASE_MS);
      world.toPubSub.heal();
      const recoveredMs = await world.probe();
      world.toPubSub.endFrozen();
      return { injected: "1 outage", recoveredMs };
    },
  );

  row("4", "streams end with each of the 17 gRPC statuses", { load: LOAD }, async (world) => {
    let ended = 0;
    for (const status of statusNames) {
      await world.until("a stream", async () => (await world.pubsub.state()).streams > 0);
      ended += await world.pubsub.endStreams(status);
      await sleep(100);
    }
    expect(ended).toBeGreaterThanOrEqual(statusNames.length);
    return { injected: `${ended} ends` };
  });

  for (const status of ["NOT_FOUND", "PERMISSION_DENIED", "OK"] as const)
    row("4", `no stream can be opened for 3 s: ${status}`, { load: LOAD }, async (world) => {
      await world.pubsub.fault({ rpcs: [{ rpc: "StreamingPull", status }] });
      await world.pubsub.endStreams(status);
      await world.program.says(new RegExp(`"code":"${status}".*cannot receive from Pub/Sub`));
      await sleep(3_000);
      await world.pubsub.heal();
      return { injected: "1 outage", note: "said aloud" };
    });

  for (const statuses of [statusNames.slice(0, 6), statusNames.slice(6, 12), statusNames.slice(12)])
    row(
      "4",
      `no stream can be opened, for each gRPC status in turn, ${statuses[0]} to ${statuses.at(-1)}`,
      { load: LOAD },
      async (world) => {
        for (const status of statuses) {
          await world.pubsub.fault({ rpcs: [{ rpc: "StreamingPull", status, times: 1 }] });
          await world.pubsub.endStreams(status);
          await world.until(
            `a stream after ${status}`,
            async () => (await world.pubsub.state()).streams > 0,
            30_000,
          );
          // A message makes it stable: the next refusal is a first one again.
          await world.probe();
        }
        return { injected: `${statuses.length} refusals` };
      },
    );

  row(
    "4",
    "no stream can be opened: after so many rebuilds the program ends, for whoever runs it to act",
    { load: 50, pipeline: { rebuilds: 2 } },
    async (world) => {
      await world.pubsub.fault({ rpcs: [{ rpc: "StreamingPull", status: "PERMISSION_DENIED" }] });
      await world.pubsub.endStreams("PERMISSION_DENIED");
      await world.until("the program to end", () => world.program.exits.length > 0, 40_000);
      await world.pubsub.heal();
      const [exit] = world.program.exits;
      expect(exit?.code).toBe(1);
      expect(exit?.stderr).toContain("roles/pubsub.subscriber");
      return { injected: "1 outage", allowed: { ownExits: [1] }, note: "exit code 1, with advice" };
    },
  );

  const ackCodes = [
    "INTERNAL",
    "DEADLINE_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "PERMISSION_DENIED",
  ] as const;
  for (const status of ackCodes)
    row("5", `acknowledgements fail for 5 s: ${status}`, { load: LOAD }, async (world) => {
      await world.pubsub.fault({ rpcs: [{ rpc: "Acknowledge", status }] });
      await world.program.says(new RegExp(`"operation":"acknowledge","code":"${status}"`));
      await sleep(4_800);
      const requests = await world.pubsub.faultsInjected();
      await world.pubsub.heal();
      return { injected: `${requests} requests`, note: "said aloud, tried again" };
    });

  row("5", "acknowledgements take effect but their answer is lost", { load: LOAD }, async (world) => {
    await world.pubsub.fault({
      rpcs: [{ rpc: "Acknowledge", status: "UNAVAILABLE", when: "after", probability: 0.7 }],
    });
    await sleep(6_000);
    const answers = await world.pubsub.faultsInjected();
    expect(answers, "the fault did what it should").toBeGreaterThan(0);
    await world.pubsub.heal();
    return { injected: `${answers} answers` };
  });

  row("5", "acknowledgements are never answered, longer than a lease", { load: 60 }, async (world) => {
    await world.pubsub.fault({ rpcs: [{ rpc: "Acknowledge", noReply: true }] });
    const redelivered = async () => (await world.pubsub.state()).redeliveries;
    await world.until("leases to run out", async () => (await redelivered()) > 0, 60_000);
    await world.pubsub.heal();
    await world.caughtUp();
    const redeliveries = await redelivered();
    return { injected: `${redeliveries} redeliveries`, note: "acked again, not sent again" };
  });

  row(
    "6",
    "leases cannot be extended until they run out, while Segment is down",
    { load: 60 },
    async (world) => {
      await world.segment.inject({ action: { kind: "status", status: 503 } });
      await world.pubsub.fault({ rpcs: [{ rpc: "ModifyAckDeadline", status: "UNAVAILABLE" }] });
      const lost = async () => (await world.pubsub.state()).expired;
      await world.until("leases to run out", async () => (await lost()) > 0, 60_000);
      const expired = await lost();
      await world.pubsub.heal();
      await world.segment.heal();
      return { injected: `${expired} leases lost`, note: "sent once all the same" };
    },
  );

  row(
    "6",
    "Segment is down for longer than a lease: leases live on, nothing is nacked",
    { load: 60 },
    async (world) => {
      await world.segment.inject({ action: { kind: "status", status: 503 } });
      await sleep(LONGER_THAN_A_LEASE_MS);
      const { expired, nacked, redeliveries } = await world.pubsub.state();
      expect({ expired, nacked, redeliveries }).toEqual({ expired: 0, nacked: 0, redeliveries: 0 });
      await world.segment.heal();
      return { injected: `${LONGER_THAN_A_LEASE_MS / 1_000} s of 503`, note: "0 leases lost, 0 nacks" };
    },
  );

  row("7", "keepalive requests on the stream are not answered", { load: 20 }, async (world) => {
    await world.pubsub.fault({ streams: { ignorePings: true } });
    await sleep(7_000);
    await world.pubsub.heal();
    return { injected: "7 s" };
  });

  row(
    "7",
    "the stream stays open and silent: the connection is replaced",
    { load: 20, pipeline: { idleRecycleMs: SILENCE_MS } },
    async (world) => {
      const before = world.toPubSub.accepted;
      await world.pubsub.fault({ streams: { silent: true } });
      await world.until("a new connection", () => world.toPubSub.accepted > before);
      await world.pubsub.heal();
      return { injected: `silence for more than ${SILENCE_MS / 1_000} s` };
    },
  );

  row("7", "streams end by age every second, and the server goes away", { load: LOAD }, async (world) => {
    await world.pubsub.fault({ streams: { maxAgeMs: 1_000, ageStatus: "UNAVAILABLE" } });
    await sleep(4_000);
    const before = world.toPubSub.accepted;
    for (let i = 0; i < 3; i++) {
      await world.pubsub.goAway(200);
      await sleep(1_000);
    }
    await world.until("it came back on new connections", () => world.toPubSub.accepted > before);
    await world.pubsub.heal();
    return { injected: "7 s" };
  });

  row("9", "every message is handed out three times", { load: LOAD }, async (world) => {
    await world.pubsub.fault({ streams: { copies: 3 } });
    await sleep(4_000);
    await world.pubsub.heal();
    await world.caughtUp();
    const { copies } = await world.pubsub.state();
    expect(copies, "the fault did what it should").toBeGreaterThan(0);
    return { injected: `${copies} copies`, note: "sent once all the same" };
  });
});
