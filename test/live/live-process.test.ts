import { describe, expect, it } from "vitest";

import type { LoadedPipeline } from "../../src/config/load.ts";
import { SecretScrubber } from "../../src/config/scrubber.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { LiveProcess, TooMany } from "../../src/live/live-process.ts";
import { BadTap } from "../../src/live/tap.ts";
import segment from "../../src/sinks/segment/segment.ts";
import memory from "../../src/sources/memory.ts";
import jsonDecode from "../../src/transforms/json-decode.ts";
import { destinationsOf, recordingLog } from "../support/context.ts";
import { aRecord, aRun, listSource, textSink } from "../support/stages.ts";

const facts = { pid: 1, command: "run", version: "1", folder: "/", rssBytes: () => 1 };

function aDefinition(hash: string): LoadedPipeline {
  return {
    name: "under-test",
    file: "p.yaml",
    hash,
    source: { definition: memory, config: {} },
    transforms: [{ definition: jsonDecode, config: {} }],
    sinks: [{ definition: segment, config: {}, name: "segment" }],
    inFlight: { records: 100, bytes: 1e6 },
    destinations: destinationsOf(),
    scrubber: new SecretScrubber(),
  } as unknown as LoadedPipeline; // What a watcher reads of a definition is all there.
}

function aProcess() {
  const clock = new VirtualClock();
  const live = new LiveProcess({ clock, log: recordingLog(), facts, traces: true });
  live.start();
  /** A run of a definition with these records; `sink` may hold them. */
  const begin = (hash: string, ids: readonly string[], sink = textSink()) => {
    const metrics = new Metrics();
    const watch = live.watch(aDefinition(hash));
    const records = ids.map((id) => aRecord(id, id, { publishedAtMs: clock.wallMs() }));
    const source = listSource(records, { live: true });
    const observer = watch.observer!;
    const { run, finish } = aRun({ name: "under-test", source, sink }, { clock, metrics, observer });
    watch.began({ run, metrics });
    return { run, finish };
  };
  const got: string[] = [];
  let ended = 0;
  const reader = {
    deliver: (json: string) => got.push(json) > 0,
    ended: () => {
      ended += 1;
    },
  };
  return { clock, live, begin, reader, got, ended: () => ended };
}

describe("the live view of a process", () => {
  it("keeps counts and taps over a reload, and shows both definitions while the old one drains", async () => {
    const { clock, live, begin, reader, got } = aProcess();
    let release = () => {};
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    const old = begin(
      "old-definition",
      ["a", "b"],
      textSink(() => held),
    );
    live.tap({ pipeline: "under-test", stage: "memory" }, reader);
    await clock.advance(1_000);
    old.run.stop();
    const fresh = begin("new-definition", ["c"]);
    await clock.advance(2_500);
    expect(live.pipeline("under-test")!.view()).toMatchObject({
      definitions: 2,
      version: "new-definitio".slice(0, 12),
      received: 3,
      delivered: 1,
      inFlight: { records: 2 },
      oldest: { id: "a" },
    });
    expect(live.pipeline("under-test")!.view()!.lagMs).toBeGreaterThan(2_000);
    release();
    await old.finish();
    await clock.advance(1_500);
    expect(live.pipeline("under-test")!.view()).toMatchObject({
      definitions: 1,
      received: 3,
      delivered: 3,
      inFlight: { records: 0 },
      oldest: null,
      lagMs: 0,
    });
    expect(got.map((json) => JSON.parse(json).id)).toContain("c");
    fresh.run.stop();
    await fresh.finish();
  });

  it("opens at most eight taps, ends those that are left, and leaves no timer", async () => {
    const { clock, live, begin, reader, ended } = aProcess();
    const one = begin("definition", ["a"]);
    await clock.advance(10);
    const taps = Array.from({ length: 8 }, () => live.tap({ pipeline: "under-test" }, reader));
    expect(() => live.tap({ pipeline: "under-test" }, reader)).toThrow(TooMany);
    live.untap(taps[0]!);
    live.untap(taps[0]!);
    live.tap({ pipeline: "under-test" }, reader);
    expect(live.snapshot().process.watchers).toEqual({ streams: 0, taps: 8 });
    let told = 0;
    const unfollow = live.follow(() => {
      told += 1;
    });
    await clock.advance(3_000);
    unfollow();
    unfollow();
    await clock.advance(3_000);
    expect([told, live.snapshot().process.watchers.streams]).toEqual([3, 0]);
    one.run.stop();
    await one.finish();
    live.close();
    expect([ended(), live.snapshot().process.watchers.taps, clock.pendingTimers]).toEqual([8, 0, 0]);
  });

  it("says why a tap cannot be opened", () => {
    const { clock, live, begin, reader } = aProcess();
    expect(() => live.tap({ pipeline: "under-test" }, reader)).toThrow(BadTap);
    const one = begin("definition", []);
    expect(() => live.tap({ pipeline: "under-test", stage: "nope" }, reader)).toThrow(
      "No values leave a stage nope; there is memory, json-decode.",
    );
    const outside = new LiveProcess({ clock, log: recordingLog(), facts, traces: false });
    outside.watch(aDefinition("definition")).began({ run: one.run, metrics: new Metrics() });
    expect(() => outside.tap({ pipeline: "under-test" }, reader)).toThrow("A backfill has no taps");
    one.run.abort();
  });
});
