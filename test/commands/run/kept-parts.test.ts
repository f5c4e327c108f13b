import { describe, expect, it } from "vitest";

import { KeptParts } from "../../../src/commands/run/kept-parts.ts";
import { Secret } from "../../../src/config/secret.ts";
import type { Batch, Intake, Sink, Source } from "../../../src/engine/contracts.ts";

const DIR = "/pipelines";

class SpySource implements Source {
  runs = 0;
  closed = 0;

  constructor(readonly redelivers = true) {}

  run(_intake: Intake, signal: AbortSignal): Promise<void> {
    this.runs += 1;
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

class SpySink implements Sink {
  readonly limits = { count: 1, bytes: 1, itemBytes: 1, envelopeBytes: 0, separatorBytes: 0 };
  readonly said: string[] = [];
  private finish: (() => void)[] = [];

  laneOf = () => "file";
  encode = () => "";
  laneSettings = () => ({
    rates: { events: 1, requests: 1, bytes: 1 },
    concurrency: 1,
    lingerMs: 0,
    probeMs: 1,
  });
  probe = () => Promise.resolve();

  async write({ lane }: Batch): Promise<undefined> {
    this.said.push(`write ${lane}`);
    await new Promise<void>((resolve) => this.finish.push(resolve));
    this.said.push(`wrote ${lane}`);
  }

  async close(): Promise<void> {
    this.said.push("closed");
  }

  /** Ends the write under way. */
  done(): void {
    this.finish.shift()?.();
  }
}

const pubsub = (config: object) => ({ definition: { type: "pubsub" }, config });
const file = (config: object) => ({ definition: { type: "file" }, config });
const intake: Intake = { offer: () => undefined };

function sourcesOf(parts: KeptParts) {
  const made: SpySource[] = [];
  const gauges: number[] = [];
  const source = (config: object, redelivers = true) =>
    parts.source(
      pubsub(config),
      DIR,
      (_, value) => gauges.push(value),
      async (gauge) => {
        const one = new SpySource(redelivers);
        made.push(one);
        gauge("source_open", made.length);
        return Object.assign(one, { gauge });
      },
    );
  return { made, gauges, source };
}

describe("a source over reloads", () => {
  it("goes on while its settings are the same, in whatever order they are written, and closes with the last", async () => {
    const { made, source } = sourcesOf(new KeptParts());
    const first = await source({ a: 1, b: 2 });
    const second = await source({ b: 2, a: 1 });
    expect(made).toHaveLength(1);
    const stop = new AbortController();
    const running = [first.run(intake, stop.signal), second.run(intake, stop.signal)];
    expect(made[0]!.runs).toBe(1);
    await first.close();
    expect(made[0]!.closed).toBe(0);
    stop.abort();
    await Promise.all(running);
    await second.close();
    expect(made[0]!.closed).toBe(1);
  });

  it("is another one when a secret changed", async () => {
    const { made, source } = sourcesOf(new KeptParts());
    await source({ key: new Secret("one") });
    await source({ key: new Secret("two") });
    expect(made).toHaveLength(2);
  });

  it("is made anew when it was stopped in between, and one that ends speaks for nobody", async () => {
    const { made, gauges, source } = sourcesOf(new KeptParts());
    const stop = new AbortController();
    const old = await source({ a: 1 });
    const running = old.run(intake, stop.signal);
    await source({ a: 2 });
    (made[0] as SpySource & { gauge: (name: string, value: number) => void }).gauge("source_open", 0);
    expect(gauges).toEqual([1, 2]);
    stop.abort();
    await source({ a: 1 });
    expect(made).toHaveLength(3);
    await running;
    await old.close();
    expect(made.map(({ closed }) => closed)).toEqual([1, 0, 0]);
  });

  it("cannot be left for another when what it holds does not come again", async () => {
    const { made, source } = sourcesOf(new KeptParts());
    await source({ a: 1 }, false);
    await expect(source({ a: 2 }, false)).rejects.toMatchObject({ code: "reload-needs-restart" });
    await source({ a: 1 }, false);
    expect(made).toHaveLength(1);
  });
});

describe("a file over reloads", () => {
  const batch = (lane: string) => ({ lane, items: [], bytes: 0, attempt: 1 }) satisfies Batch;

  it("is written in turns, and opened again only after it was closed", async () => {
    const parts = new KeptParts();
    const spies: SpySink[] = [];
    const make = async () => {
      const spy = new SpySink();
      spy.said.push(`opened after ${spies.map(({ said }) => said.at(-1)).join()}`);
      spies.push(spy);
      return spy;
    };
    const old = await parts.sink(file({ path: "a" }), DIR, make);
    const next = await parts.sink(file({ path: "a" }), DIR, make);
    const { signal } = new AbortController();
    const writes = [old.write(batch("old"), signal), next.write(batch("next"), signal)];
    await Promise.resolve();
    expect(spies[0]!.said).toEqual(["opened after ", "write old"]);
    spies[0]!.done();
    await writes[0];
    await Promise.resolve();
    const closing = [old.close(), next.close()];
    const again = parts.sink(file({ path: "a" }), DIR, make);
    spies[0]!.done();
    await Promise.all([...writes, ...closing]);
    await again;
    expect(spies[0]!.said).toEqual([
      "opened after ",
      "write old",
      "wrote old",
      "write next",
      "wrote next",
      "closed",
    ]);
    expect(spies[1]!.said).toEqual(["opened after closed"]);
  });

  it("keeps its settings as long as somebody writes it", async () => {
    const parts = new KeptParts();
    const make = async () => new SpySink();
    const old = await parts.sink(file({ path: "a", durable: false }), DIR, make);
    const changed = () => parts.sink(file({ path: "./a", durable: true }), DIR, make);
    await expect(changed()).rejects.toMatchObject({ code: "reload-needs-restart" });
    await parts.sink(file({ path: "segments/", durable: true }), DIR, make);
    await old.close();
    await changed();
  });
});
