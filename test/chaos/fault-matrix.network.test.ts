// The fault matrix, rows 18 to 22: the way to Segment.

import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { allGood } from "./support/oracle.ts";
import { metricOf, withMetrics } from "./support/metrics-page.ts";
import { defaults } from "./support/pipeline-yaml.ts";
import { preload } from "./support/preload.ts";
import { quiet, requestsDuring } from "./support/quiet.ts";
import { row } from "./support/row.ts";
import { authorityFile, type Certificate, TlsFront } from "./support/tls-front.ts";

const LOAD = 150;

describe("the way to Segment under faults", () => {
  const downMs = 6_000;

  row("18", `connections refused for ${downMs / 1000} s`, { load: LOAD }, async (world) => {
    await world.toSegment.refuse();
    await world.program.says(/"code":"connection-refused"/);
    await sleep(downMs);
    await world.toSegment.accept();
    return { injected: "1 outage" };
  });

  const down = join(tmpdir(), `sluice-chaos-dns-${process.pid}`);
  row(
    "18",
    "the name of Segment cannot be resolved for 5 s",
    {
      load: LOAD,
      node: preload("dns"),
      env: { CHAOS_DNS_DOWN: down },
      endpoint: (port) => `http://segment.chaos:${port}`,
    },
    async (world) => {
      await writeFile(down, "");
      // Only a new connection asks for the name.
      world.toSegment.resetAll();
      await world.program.says(/"code":"dns"/);
      await sleep(5_000);
      await rm(down);
      return { injected: "1 outage" };
    },
  );

  for (const certificate of ["expired", "wrong-host", "self-signed"] as const satisfies Certificate[]) {
    let front: TlsFront | undefined;
    row(
      "18",
      `Segment shows a certificate that is ${certificate}`,
      {
        load: LOAD,
        env: { NODE_EXTRA_CA_CERTS: authorityFile },
        endpoint: async (port, defer) => {
          const started = await TlsFront.start(port, "good");
          front = started;
          defer(() => started.close());
          return `https://localhost:${started.port}`;
        },
      },
      async (world) => {
        front?.use(certificate);
        // A handshake that was under way at the change may have made one more good connection.
        for (let i = 0; i < 20 && !world.program.stderr.includes('"code":"tls"'); i++) {
          world.toSegment.resetAll();
          await sleep(1_000);
        }
        await world.program.says(/"code":"tls"/);
        for (let i = 0; i < 5; i++) {
          await sleep(200);
          world.toSegment.resetAll();
        }
        await quiet(world, 500);
        const { requests } = await requestsDuring(world, 2_500);
        expect(requests, "sent past a bad certificate").toBe(0);
        front?.use("good");
        return { injected: "1 certificate" };
      },
    );
  }

  row(
    "19",
    "a redirect to another host is not followed and the key stays here",
    { load: LOAD },
    async (world) => {
      let visits = 0;
      const thief = createServer((_request, response) => {
        visits += 1;
        response.end("{}");
      });
      thief.on("connection", () => {
        visits += 1;
      });
      await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
      try {
        // A TCP server that listens has an AddressInfo.
        const location = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/v1/batch`;
        for (const status of [301, 302, 307, 308]) {
          await world.segment.inject({ action: { kind: "redirect", location, status } });
          const { answers } = await world.segment.stats();
          const redirected = async () => (await world.segment.stats()).answers[status] ?? 0;
          await world.until(`a ${status}`, async () => (await redirected()) > (answers[status] ?? 0));
          await world.segment.heal();
        }
        await world.probe();
        expect(visits, "connections to the other host").toBe(0);
      } finally {
        thief.close();
      }
      return {
        injected: `${(await world.segment.stats()).faultsPlayed} redirects`,
        note: "0 connections elsewhere",
      };
    },
  );

  row(
    "20",
    "latency goes from 20 ms to 2 s and back",
    { load: LOAD, args: withMetrics, pipeline: { timeoutMs: 20_000, concurrency: 8 } },
    async (world) => {
      const concurrency = () => metricOf(world, "sluice_sink_concurrency_limit");
      world.toSegment.set({ latency: { ms: 10 } });
      await sleep(1_500);
      await world.until("full concurrency", async () => (await concurrency()) === 8);
      world.toSegment.set({ latency: { ms: 1_000 } });
      let least = 8;
      await world.until("concurrency to fall", async () => {
        least = Math.min(least, await concurrency());
        return least <= 4;
      });
      await sleep(3_000);
      world.toSegment.heal();
      const healedAt = performance.now();
      await world.until("full concurrency again", async () => (await concurrency()) === 8);
      const recoveredMs = performance.now() - healedAt;
      // Slow is not broken: nobody hangs up, nothing is sent twice.
      expect(world.program.stderr).not.toContain('"code":"timeout"');
      expect((await world.segment.stats()).duplicates).toBe(0);
      return {
        injected: "2 s a request",
        recoveredMs,
        note: `concurrency fell from 8 to ${least} and came back`,
      };
    },
  );

  row(
    "20",
    "latency goes from 20 ms to 2 s, twice as long as a request may take, and back",
    { load: LOAD, args: withMetrics, pipeline: { timeoutMs: 1_000, concurrency: 8 } },
    async (world) => {
      const concurrency = () => metricOf(world, "sluice_sink_concurrency_limit");
      await world.segment.inject({ action: { kind: "answer" }, delayMs: 2_000 });
      await world.program.says(/"code":"timeout"/);
      await world.until("concurrency to fall", async () => (await concurrency()) === 1);
      const { requests, tookMs } = await requestsDuring(world, 5_000);
      // No spiral: what times out leads to fewer requests, and an open circuit to one small one now and then.
      expect(requests, "requests").toBeLessThanOrEqual(tookMs / defaults.maxRetryMs + 4);
      await world.segment.heal();
      const recoveredMs = await world.probe();
      await world.until("full concurrency again", async () => (await concurrency()) === 8);
      return {
        injected: "2 s a request",
        recoveredMs,
        note: `${requests} requests in ${(tookMs / 1000).toFixed(0)} s of it; concurrency fell from 8 to 1 and came back`,
      };
    },
  );

  row("21", "idle connections are closed just when they are needed", { load: 40 }, async (world) => {
    const untilMs = performance.now() + 8_000;
    let ended = 0;
    while (performance.now() < untilMs) {
      await sleep(20 + Math.random() * 60);
      ended += world.toSegment.endAll();
    }
    return { injected: `${ended} connections closed` };
  });

  for (const [what, action] of [
    ["answers 503", { kind: "status", status: 503 }],
    ["never answers", { kind: "never" }],
    ["answers 401", { kind: "status", status: 401 }],
  ] as const)
    row(
      "22",
      `one of two destinations ${what}; the other is not touched`,
      { load: LOAD, destinations: 2, mix: allGood, pipeline: { maxMessages: 5_000 } },
      async (world) => {
        await world.segment.inject({ action, match: { writeKey: world.writeKey(1) } });
        const stats = () => world.segment.stats();
        await world.until("the fault", async () => (await stats()).faultsPlayed > 0);
        const [issuedBefore, acceptedBefore] = [world.publisher.issued.size, (await stats()).accepted];
        await sleep(5_000);
        let [issued, accepted] = [0, 0];
        // A machine that has no time for it right now catches up; a lane at half speed never does.
        await world.until("the healthy one to get 90 % of what comes", async () => {
          accepted = (await stats()).accepted - acceptedBefore;
          issued = world.publisher.issued.size - issuedBefore;
          return accepted >= 0.9 * issued;
        });
        await world.segment.heal();
        return {
          injected: `${(await world.segment.stats()).faultsPlayed} answers`,
          note: `the healthy one got ${Math.round((100 * accepted) / issued)} % meanwhile`,
        };
      },
    );
});
