// Watchers who are slow, absent or many, beside a running program: the pipeline must not notice them.

import { get, type IncomingMessage } from "node:http";

import { describe, expect, it, vi } from "vitest";

import type { ProcessSnapshot } from "../../src/live/shapes/snapshot.ts";
import type { TapState } from "../../src/live/shapes/tap.ts";
import { aWatchedProgram, soon } from "../support/watched-program.ts";

const TAP = "/api/v2/tap?pipeline=under-test&stage=json-decode";
const STREAM = "/api/v2/stream";
/** As many as a process lets in at a time. */
const MOST_TAPS = 8;
const ROUNDS = 25;

/** An answer of which nothing was read yet. */
function open(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path, agent: false, headers: { host: "localhost" } }, (response) => {
      // Leaving in the middle is what these watchers do.
      response.on("error", () => {});
      resolve(response);
    }).once("error", reject);
  });
}

async function ask<T>(socketPath: string, path: string): Promise<T> {
  let text = "";
  for await (const piece of await open(socketPath, path)) text += String(piece);
  return JSON.parse(text) as T;
}

/** Reads from now on. */
function read(response: IncomingMessage) {
  let text = "";
  response.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const last = (event: string) =>
    text
      .split("\n\n")
      .slice(0, -1)
      .findLast((block) => block.startsWith(`event: ${event}\n`))
      ?.split("\ndata: ")[1];
  return {
    values: () => text.split("event: value\n").length - 1,
    state: () => JSON.parse(last("state") ?? "{}") as Partial<TapState>,
    snapshot: () => last("snapshot"),
  };
}

/** Sockets, timers and files that the process says it has. */
async function held(metricsUrl: string): Promise<Record<string, number>> {
  const page = await (await fetch(`${metricsUrl}/metrics`)).text();
  const lines = page.matchAll(/^(?:nodejs_active_resources\{type="(\w+)"\}|(process_open_fds)) (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, type, fds, count]) => [type ?? fds, Number(count)]));
}

describe("a running program", () => {
  it("delivers everything beside taps and streams that nobody reads, and counts what those miss", async () => {
    const { socket, publish, segment } = await aWatchedProgram();
    const [stopped, streams, reading] = await Promise.all([
      Promise.all([1, 2, 3].map(() => open(socket, TAP))),
      Promise.all([1, 2, 3].map(() => open(socket, STREAM))),
      open(socket, TAP),
    ]);
    const reader = read(reading);
    let published = 0;
    // More than all the buffers on the way to a reader hold together.
    await vi.waitFor(() => {
      for (let i = 0; i < 10; i++) publish({ id: `e-${published++}`, padding: "x".repeat(12_000) });
      expect(reader.values()).toBeGreaterThan(250);
    }, soon);
    await vi.waitFor(() => expect(segment.stats().accepted).toBe(published), soon);

    for (const response of stopped) {
      const late = read(response);
      await vi.waitFor(() => expect(late.state().seen).toBe(published), soon);
      const { sent = 0, dropped = 0, matched } = late.state();
      expect(sent + dropped).toBe(matched);
      expect(sent).toBeLessThan(reader.values() / 2);
      expect(dropped).toBeGreaterThan(reader.state().dropped ?? 0);
      expect(late.values()).toBe(sent);
    }
    for (const response of streams) {
      const late = read(response);
      await vi.waitFor(() => expect(late.snapshot()).toContain(`"delivered":${published},`), soon);
    }
    for (const response of [...stopped, ...streams, reading]) response.destroy();
  });

  it("has no socket, timer, tap or listener left of 200 taps and 200 streams that came and went", async () => {
    const { socket, publish, program } = await aWatchedProgram({ args: ["--metrics", "127.0.0.1:0"] });
    const metricsUrl = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output.stderr)![0];
    const nobody = () =>
      vi.waitFor(async () => {
        const { watchers } = await ask<ProcessSnapshot>(socket, "/api/v2/process");
        expect(watchers).toEqual({ streams: 0, taps: 0 });
      }, soon);
    const round = async (name: string) => {
      const paths = Array.from({ length: MOST_TAPS }, () => [TAP, STREAM]).flat();
      const watchers = await Promise.all(paths.map((path) => open(socket, path)));
      expect(watchers.map(({ statusCode }) => statusCode)).toEqual(paths.map(() => 200));
      publish({ id: name });
      const first = read(watchers[0]!);
      await vi.waitFor(() => expect(first.values()).toBeGreaterThan(0), soon);
      for (const watcher of watchers) watcher.destroy();
      await nobody();
    };
    await round("warm");
    const before = await held(metricsUrl);
    expect(before["process_open_fds"]).toBeGreaterThan(0);
    for (let i = 0; i < ROUNDS; i++) await round(`e-${i}`);
    // What the pipeline itself has open changes by a few with what it is doing.
    await vi.waitFor(async () => {
      for (const [what, count] of Object.entries(await held(metricsUrl)))
        expect(count, what).toBeLessThan((before[what] ?? 0) + 10);
    }, soon);
    expect(program.output.stderr).not.toContain("MaxListenersExceeded");
  });
});
