import { Writable } from "node:stream";

import { describe, expect, it } from "vitest";

import type { Batch } from "../../src/engine/contracts.ts";
import { StdoutSink } from "../../src/sinks/stdout.ts";

const never = new AbortController().signal;

function batchOf(...texts: string[]): Batch {
  return {
    lane: "main",
    items: texts.map((text) => ({
      value: text,
      text,
      bytes: text.length,
      origin: {
        id: text,
        body: new Uint8Array(),
        attributes: {},
        publishedAtMs: 0,
        attempt: 1,
        writerSchema: undefined,
      },
    })),
    bytes: 0,
    attempt: 1,
  };
}

/** A reader that takes nothing until told to. */
function aSlowReader() {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      waiting.push(() => {
        taken.push(chunk.toString());
        done();
      });
    },
  });
  return { stream, taken, takeOne: () => waiting.shift()?.() };
}

describe("stdout sink", () => {
  it("ends the run when the reader is gone, and stays ended", async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    });
    const sink = new StdoutSink(broken);
    await expect(sink.write(batchOf("1"), never)).rejects.toMatchObject({
      name: "RunError",
      code: "output-closed",
    });
    await expect(sink.write(batchOf("2"), never)).rejects.toMatchObject({ code: "output-closed" });
    await expect(sink.probe()).rejects.toMatchObject({ code: "output-closed" });
    await sink.close();
  });

  it("gives up on a reader that sleeps when the run stops", async () => {
    const { stream } = aSlowReader();
    const sink = new StdoutSink(stream);
    const stop = new AbortController();
    const written = sink.write(batchOf("1"), stop.signal);
    stop.abort();
    await expect(written).rejects.toMatchObject({ name: "SinkFault", kind: "unavailable" });
    await sink.close();
  });

  it("resolves only when the lines were taken", async () => {
    const { stream, taken, takeOne } = aSlowReader();
    const sink = new StdoutSink(stream);
    let resolved = false;
    const written = sink.write(batchOf("1", "2"), never).then(() => {
      resolved = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(resolved).toBe(false);
    takeOne();
    await written;
    expect(taken).toEqual(["1\n2\n"]);
    await sink.close();
  });

  it("leaves no listener behind", async () => {
    const { stream } = aSlowReader();
    const before = stream.listenerCount("error");
    await new StdoutSink(stream).close();
    expect(stream.listenerCount("error")).toBe(before);
  });
});
