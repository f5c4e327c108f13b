import { describe, expect, it } from "vitest";

import { EventStream } from "../../src/console/event-stream.ts";

const kB = (n: number) => JSON.stringify("x".repeat(n * 1024));

/** Fills the buffer of a reader who does not read. */
function filled(onClose = () => {}) {
  const stream = new EventStream(onClose);
  let sent = 0;
  while (stream.send("value", kB(16))) sent += 1;
  return { stream, sent };
}

async function textOf(stream: EventStream): Promise<string> {
  let text = "";
  for await (const piece of stream.readable) text += String(piece);
  return text;
}

describe("a stream of events to a browser", () => {
  it("takes no more than its buffer when nobody reads, and says so", () => {
    const { stream, sent } = filled();
    expect(sent).toBe(16);
    const held = stream.readable.readableLength;
    expect(stream.send("value", kB(1))).toBe(false);
    expect(stream.readable.readableLength).toBe(held);
    stream.readable.destroy();
  });

  it("still delivers what was sent, and its last event, when it ends", async () => {
    const { stream, sent } = filled();
    stream.end("end", '{"dropped":1}');
    stream.end("end", "{}");
    const text = await textOf(stream);
    expect(text.split("event: value\n")).toHaveLength(sent + 1);
    expect(text).toMatch(/event: end\ndata: \{"dropped":1\}\n\n$/);
    expect(text.match(/event: end/g)).toHaveLength(1);
  });

  it("tells once that the reader left, and takes nothing afterwards", async () => {
    let closed = 0;
    const { stream } = filled(() => {
      closed += 1;
    });
    stream.readable.destroy(new Error("the connection was reset"));
    stream.readable.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.send("value", "1")).toBe(false);
    stream.end("end", "{}");
    expect(closed).toBe(1);
  });
});
