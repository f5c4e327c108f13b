// What `held_values` says while something a stage needs cannot be fetched: an alert and the answer about being alive
// are made of it.

import { describe, expect, it } from "vitest";

import { DataError } from "../../src/engine/errors.ts";
import { aRecord, aRun, listSource, textSink, toText } from "../support/stages.ts";

/** Each fetch takes 10 ms and fails, until it is mended. */
function fetching() {
  const world = { isMended: false, fails: new Error("UNAVAILABLE") as Error, fetches: 0 };
  const records = [aRecord("a"), aRecord("b")];
  const sink = textSink();
  const stage = {
    type: "fetching",
    transform: {
      ...toText.transform,
      prepare({ id }: { id: string }) {
        if (id !== "a" || world.isMended) return undefined;
        world.fetches += 1;
        return new Promise<void>((_, reject) => void clock.after(10, () => reject(world.fails)));
      },
    },
  };
  const { run, clock, finish } = aRun({ source: listSource(records), transforms: [stage], sink });
  return { world, clock, run, finish, sink, held: () => run.metrics.total("held_values") };
}

describe("a value whose schema cannot be fetched", () => {
  it("counts as held all the time, between the tries as well, until it goes on", async () => {
    const { world, clock, held, finish, sink } = fetching();
    const seen = new Set<number>();
    await clock.advance(1);
    while (world.fetches < 4) {
      seen.add(held());
      await clock.advance(25);
    }
    expect([...seen]).toEqual([1]);
    world.isMended = true;
    expect(await finish()).toEqual({ state: "stopped", gaveBack: 0 });
    expect(held()).toBe(0);
    expect(sink.writes.flat().sort()).toEqual(["a", "b"]);
  });

  it("is not held any more when it turns out to be bad", async () => {
    const { world, clock, held, finish } = fetching();
    await clock.advance(50);
    expect(held()).toBe(1);
    world.fails = new DataError("avro-no-schema", "there is no such revision");
    await finish();
    expect(held()).toBe(0);
  });

  it("is not held any more when the run gives it back", async () => {
    const { clock, held, finish, run } = fetching();
    await clock.advance(50);
    run.abort();
    await finish();
    await clock.advance(100);
    expect(held()).toBe(0);
  });
});
