import { PassThrough } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";

import { describe, expect, it } from "vitest";

import { TopScreen } from "../../../src/commands/top/screen.ts";
import type { PipelineSnapshot, Snapshot } from "../../../src/live/shapes/snapshot.ts";

const UP = "\u001b[A";
const DOWN = "\u001b[B";
const LEFT_AS_IT_WAS = "\u001b[?25h\u001b[?1049l";

/** The two ends of a terminal as node:tty has them, and what stands on its screen. */
function aTerminal({ columns = 100, rows = 40 } = {}) {
  const input = Object.assign(new PassThrough(), {
    raw: false,
    setRawMode(raw: boolean) {
      input.raw = raw;
      return input;
    },
  });
  let written = "";
  const output = Object.assign(new PassThrough(), { columns, rows });
  output.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  let left = 0;
  const screen = new TopScreen(
    // What the screen uses of a terminal's streams is all there.
    input as unknown as ReadStream,
    output as unknown as WriteStream,
    () => {
      left += 1;
    },
    false,
  );
  const lines = () =>
    written
      .slice(written.lastIndexOf("\u001b[H") + 3)
      .split("\u001b[K")
      .map((line) => line.replaceAll(/\r\n/g, ""));
  const chosen = () =>
    lines()
      .find((line) => line.startsWith("▸"))
      ?.split(/\s+/)[1];
  const type = (keys: string) => void input.emit("data", Buffer.from(keys, "latin1"));
  return { screen, input, output, lines, chosen, type, left: () => left, written: () => written };
}

function aPipeline(name: string, with_: Partial<PipelineSnapshot> = {}): PipelineSnapshot {
  return {
    name,
    file: `${name}.yaml`,
    state: "running",
    version: "0123456789ab",
    definitions: 1,
    startedAt: "2026-11-23T00:00:00.000Z",
    stages: [{ name: "pubsub", type: "pubsub", role: "source", shape: "bytes" }],
    arrows: [{ from: "pubsub", to: ["segment"], shape: "bytes", count: 7, perSecond: 1 }],
    received: 7,
    receivedPerSecond: 1,
    values: 7,
    valuesPerSecond: 1,
    delivered: 7,
    deliveredPerSecond: 1,
    dropped: [{ stage: "pubsub", reason: "because", count: 3, perSecond: 0 }],
    droppedPerSecond: 0,
    deadLetters: [],
    deadLettersPerSecond: 0,
    givenBack: 0,
    testEvents: 0,
    inFlight: { records: 0, bytes: 0, maxRecords: 10, maxBytes: 10 },
    oldest: null,
    lagMs: 0,
    deliveryMs: null,
    lanes: [],
    ...with_,
  };
}

function aSnapshot(...pipelines: readonly PipelineSnapshot[]): Snapshot {
  const about = { command: "run", version: "1", folder: "/", rssBytes: 1 };
  const startedAt = "2026-11-23T00:00:00.000Z";
  return {
    at: "2026-11-23T00:01:00.000Z",
    process: { pid: 7, startedAt, watchers: { streams: 1, taps: 0 }, ...about },
    pipelines: [...pipelines],
  };
}

describe("the screen of sluice top", () => {
  it("takes the terminal and leaves it as it was", () => {
    const { screen, input, output, written } = aTerminal();
    screen.open();
    expect(input.raw).toBe(true);
    screen.close();
    expect(input.raw).toBe(false);
    expect(written().endsWith(LEFT_AS_IT_WAS)).toBe(true);
    expect([input.listenerCount("data"), output.listenerCount("resize"), input.isPaused()]).toEqual([
      0,
      0,
      true,
    ]);
  });

  it("chooses with the arrows and does not go past an end, however fast they are pressed", () => {
    const { screen, type, chosen } = aTerminal();
    screen.open();
    type(DOWN); // Nothing to choose from yet.
    screen.show(aSnapshot(aPipeline("a"), aPipeline("b"), aPipeline("c")));
    expect(chosen()).toBe("a");
    type(DOWN);
    expect(chosen()).toBe("b");
    type(DOWN + DOWN + DOWN);
    expect(chosen()).toBe("c");
    type(`${UP}k\u001bOA`);
    expect(chosen()).toBe("a");
    type("\u001bOBj\u001b[Cx\u0000");
    expect(chosen()).toBe("c");
    screen.show(aSnapshot(aPipeline("a")));
    expect(chosen()).toBe("a");
  });

  it("sorts, and the choice stays with its pipeline when rates change the order", () => {
    const { screen, type, chosen, lines } = aTerminal();
    const rates = (a: number, b: number) =>
      aSnapshot(aPipeline("a", { deliveredPerSecond: a }), aPipeline("b", { deliveredPerSecond: b }));
    const order = () => lines().flatMap((line) => /^[▸ ] (a|b) /.exec(line)?.[1] ?? []);
    screen.open();
    screen.show(rates(1, 2));
    type(DOWN);
    expect([chosen(), order()]).toEqual(["b", ["a", "b"]]);
    type("s");
    expect(lines()[0]).toContain("s sort (rate)");
    expect([chosen(), order()]).toEqual(["b", ["b", "a"]]);
    screen.show(rates(3, 2));
    expect([chosen(), order()]).toEqual(["b", ["a", "b"]]);
    type("sss");
    expect(lines()[0]).toContain("s sort (name)");
  });

  it("leaves with q and Ctrl-C, once", () => {
    for (const key of ["q", "\u0003"]) {
      const { screen, type, left } = aTerminal();
      screen.open();
      type(`${DOWN}${key}${key}`);
      expect(left()).toBe(1);
    }
  });

  it("fits any size, with the chosen one of very many pipelines and its stages in view", () => {
    const many = Array.from({ length: 50 }, (_, i) => aPipeline(`p${i + 10}`));
    for (const [columns, rows] of [
      [60, 24],
      [20, 5],
      [0, 0],
    ] as const) {
      const { screen, type, chosen, lines, output } = aTerminal({ columns, rows });
      screen.open();
      screen.show(aSnapshot(...many));
      type(DOWN.repeat(30));
      expect(lines().length).toBeLessThanOrEqual(rows || 24);
      for (const line of lines()) expect(line.length).toBeLessThan(columns || 80);
      Object.assign(output, { columns: 120, rows: 30 });
      output.emit("resize");
      expect(chosen()).toBe("p40");
      expect(lines().some((line) => /pubsub +7 +1 +because 3/.test(line))).toBe(true);
    }
  });
});
