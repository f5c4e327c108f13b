import { describe, expect, it } from "vitest";

import { CrashGuard, type CrashStore, type LastLife } from "../../src/engine/crash-loop.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { recordingLog, silentLog } from "../support/context.ts";
import { aRecord, aRun, letterSink, listSource, textSink, toText } from "../support/stages.ts";

/** What outlives a process; `left` is what the next life finds. */
class FakeStore implements CrashStore {
  writes = 0;
  private on: string | undefined;
  private deaths: ReadonlyMap<string, number>;
  ended = false;

  constructor(last?: LastLife) {
    this.deaths = last?.deaths ?? new Map();
  }

  workingOn(id: string | undefined): void {
    this.writes += 1;
    this.on = id;
  }

  saveSuspects(deaths: ReadonlyMap<string, number>): void {
    this.deaths = new Map(deaths);
  }

  async end(): Promise<void> {
    this.ended = true;
  }

  get left(): LastLife | undefined {
    return this.ended ? undefined : { workingOn: this.on, deaths: this.deaths };
  }
}

/** One life over the same records: it ends where `poison` is worked on, or cleanly. */
async function life(ids: readonly string[], poison: ReadonlySet<string>, last: LastLife | undefined) {
  const store = new FakeStore(last);
  const clock = new VirtualClock();
  const guard = new CrashGuard(last, store, { clock, log: silentLog });
  const died: { left?: LastLife | undefined } = {};
  const deadly = {
    type: "deadly",
    transform: {
      apply(value: unknown) {
        // A dead process does nothing any more: only what was written before counts.
        if (poison.has(String(value)) && !("left" in died)) died.left = store.left;
        return value;
      },
    },
  };
  const records = ids.map((id) => aRecord(id));
  const deadLetters = letterSink();
  const sink = textSink();
  const { finish } = aRun(
    { source: listSource(records), transforms: [toText, deadly], sink, deadLetters },
    { clock, guard },
  );
  await finish();
  return {
    died: "left" in died,
    left: "left" in died ? died.left : store.left,
    deadLetters,
    sink,
    store,
    records,
  };
}

describe("the crash-loop breaker", () => {
  it("dead-letters, undecoded, what two watched lives died on, and everything else is delivered", async () => {
    const ids = ["a", "b", "bad", "c"];
    const first = await life(ids, new Set(["bad"]), undefined);
    expect(first.store.writes).toBe(0);
    const second = await life(ids, new Set(["bad"]), first.left);
    expect(second.left).toMatchObject({ workingOn: "bad" });
    const third = await life(ids, new Set(["bad"]), second.left);
    expect(third.left).toEqual({ workingOn: "bad", deaths: new Map([["bad", 1]]) });
    const fourth = await life(ids, new Set(["bad"]), third.left);
    expect(fourth.died).toBe(false);
    expect(fourth.deadLetters.letters).toMatchObject([
      { id: "bad", code: "crash-loop", stage: "engine", body: Buffer.from("bad").toString("base64") },
    ]);
    expect(fourth.sink.writes.flat().sort()).toEqual(["a", "b", "c"]);
    expect(fourth.records.map(({ settled }) => settled)).toEqual(["ack", "ack", "ack", "ack"]);
    expect(fourth.left).toBe(undefined);
  });

  it("finds several that take turns", async () => {
    const poison = new Set(["x", "y"]);
    let last: LastLife | undefined;
    const found: string[] = [];
    // Redelivery comes in any order.
    const orders = [
      ["x", "a", "y"],
      ["y", "a", "x"],
      ["x", "y", "a"],
      ["a", "y", "x"],
      ["x", "y"],
      ["y", "x"],
    ];
    for (const order of orders) {
      const one = await life(order, poison, last);
      last = one.left;
      if (!one.died) found.push(...one.deadLetters.letters.map(({ id }) => id));
    }
    expect(found.sort()).toEqual(["x", "y"]);
  });

  it("suspects no more what passed once", async () => {
    const last = { workingOn: "a", deaths: new Map([["a", 0]]) };
    const { store, deadLetters } = await life(["a"], new Set(), last);
    expect(deadLetters.letters).toEqual([]);
    store.ended = false;
    expect(store.left).toEqual({ workingOn: undefined, deaths: new Map() });
  });

  it("never suspects what only waits, however often the process is killed", async () => {
    let last: LastLife | undefined = { workingOn: undefined, deaths: new Map() };
    for (let kill = 0; kill < 5; kill++) {
      const store: FakeStore = new FakeStore(last);
      const clock = new VirtualClock();
      const guard = new CrashGuard(last, store, { clock, log: silentLog });
      const deadLetters = letterSink();
      // The sink never answers.
      const sink = textSink(() => new Promise(() => {}));
      const { run } = aRun(
        { source: listSource([aRecord("a"), aRecord("b")], { live: true }), sink, deadLetters },
        { clock, guard },
      );
      await clock.advance(1_000);
      last = store.left;
      expect(last).toEqual({ workingOn: undefined, deaths: new Map() });
      expect(deadLetters.letters).toEqual([]);
      run.abort();
    }
  });

  it("watches for a while only, and says why", async () => {
    const clock = new VirtualClock();
    const log = recordingLog();
    const last = { workingOn: "a", deaths: new Map() };
    const guard = new CrashGuard(last, new FakeStore(last), { clock, log, watchMs: 1_000 });
    expect(log.lines).toMatchObject([{ level: "warn", fields: { id: "a", deaths: 1 } }]);
    expect(guard.watching).toBe(true);
    await clock.advance(1_000);
    expect(guard.watching).toBe(false);
    expect(new CrashGuard(undefined, new FakeStore(), { clock, log }).watching).toBe(false);
  });

  it("remembers a bounded number of suspects, the last ones", () => {
    let last: LastLife = { workingOn: "0", deaths: new Map() };
    for (let i = 1; i <= 300; i++) {
      const store = new FakeStore(last);
      new CrashGuard(last, store, { clock: new VirtualClock(), log: silentLog });
      last = { workingOn: String(i), deaths: store.left!.deaths };
    }
    expect(last.deaths.size).toBe(100);
    expect(last.deaths.has("299")).toBe(true);
  });
});
