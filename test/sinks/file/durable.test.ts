// A dead letter counts as written when it is on the disk: what the file sink must have done before its write resolves.

import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

import { expect, it, onTestFinished, vi } from "vitest";

import type { Batch, Sink } from "../../../src/engine/contracts.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import file from "../../../src/sinks/file/file.ts";
import { aContext } from "../../support/context.ts";
import { aRecord } from "../../support/stages.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** The order in which files were written and brought to the disk; `held` keeps the disk from finishing. */
async function watchDisk() {
  const steps: string[] = [];
  const held: { until?: Promise<void> } = {};
  const handle = await open("/dev/null", "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  for (const name of ["write", "datasync", "sync"] as const) {
    const real = prototype[name] as (...parameters: unknown[]) => Promise<unknown>;
    const spy = vi.spyOn(prototype, name) as ReturnType<typeof vi.fn>;
    onTestFinished(() => spy.mockRestore());
    spy.mockImplementation(async function (this: FileHandle, ...parameters: unknown[]) {
      if (name !== "write") await held.until;
      const result = await real.apply(this, parameters);
      steps.push(name);
      return result;
    });
  }
  return { steps, held };
}

async function aSink(config: object): Promise<Sink> {
  const settings = { mode: "append", durable: true, ...config };
  return file.create(settings as never, aContext({ clock: new VirtualClock() }));
}

function aBatch(text: string): Batch {
  const item = { value: text, text, bytes: text.length, origin: aRecord("1") };
  return { lane: "main", items: [item], bytes: text.length, attempt: 1 };
}

const signal = new AbortController().signal;

it("has the lines on the disk before a write resolves, and a new segment's name too", async () => {
  const folder = await tempFolder();
  const sink = await aSink({ path: join(folder, "letters/"), rotateBytes: 1_024 });
  const { steps } = await watchDisk();
  await sink.write(aBatch('"a"'), signal);
  expect(steps).toEqual(["sync", "write", "datasync"]);
  await sink.write(aBatch('"b"'), signal);
  expect(steps.slice(3)).toEqual(["write", "datasync"]);
  await sink.write(aBatch(JSON.stringify("x".repeat(2_000))), signal);
  await sink.write(aBatch('"c"'), signal);
  // The full segment is brought to the disk and closed, the next one begun.
  expect(steps.slice(7)).toEqual(["datasync", "sync", "write", "datasync"]);
  await sink.close();
});

it("does not resolve while the disk has not answered", async () => {
  const folder = await tempFolder();
  const sink = await aSink({ path: join(folder, "letters.ndjson") });
  const { held } = await watchDisk();
  let answer = () => {};
  held.until = new Promise((resolve) => {
    answer = resolve;
  });
  let written = false;
  const write = sink.write(aBatch('"a"'), signal).then(() => {
    written = true;
  });
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(false);
  answer();
  await write;
  await sink.close();
});

it("takes a sync that failed for a write that failed, and leaves no half of it", async () => {
  const folder = await tempFolder();
  const sink = await aSink({ path: join(folder, "letters.ndjson") });
  const { held } = await watchDisk();
  held.until = Promise.reject(Object.assign(new Error("EIO: i/o error"), { code: "EIO" }));
  held.until.catch(() => {});
  await expect(sink.write(aBatch('"a"'), signal)).rejects.toMatchObject({
    kind: "unavailable",
    code: "disk-error",
  });
  held.until = Promise.resolve();
  await sink.write(aBatch('"b"'), signal);
  await sink.close();
  const written = await open(join(folder, "letters.ndjson"), "r");
  expect(await written.readFile("utf8")).toBe('"b"\n');
  await written.close();
});
