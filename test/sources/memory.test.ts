import { describe, expect, it } from "vitest";

import type { SourceRecord } from "../../src/engine/contracts.ts";
import definition from "../../src/sources/memory.ts";
import { aContext } from "../support/context.ts";
import { HoldingIntake, textsOf } from "../support/intakes.ts";

const source = (...values: unknown[]) => Promise.resolve(definition.create({ values } as never, aContext()));

describe("memory source", () => {
  it("hands over texts as they are and everything else as JSON", async () => {
    const intake = new HoldingIntake();
    await (await source({ a: "ü" }, "not JSON", null, 1)).run(intake, new AbortController().signal);
    expect(textsOf(intake.records)).toEqual(['{"a":"ü"}', "not JSON", "null", "1"]);
    expect(intake.records.map((record) => record.id)).toEqual([
      "memory#0",
      "memory#1",
      "memory#2",
      "memory#3",
    ]);
  });

  it("waits for room", async () => {
    const offered: string[] = [];
    let makeRoom = () => {};
    const intake = {
      offer(record: SourceRecord) {
        offered.push(record.id);
        return new Promise<void>((resolve) => {
          makeRoom = resolve;
        });
      },
    };
    const running = (await source(1, 2)).run(intake, new AbortController().signal);
    expect(offered).toEqual(["memory#0"]);
    makeRoom();
    await new Promise((resolve) => setImmediate(resolve));
    expect(offered).toEqual(["memory#0", "memory#1"]);
    makeRoom();
    await running;
  });

  it("offers nothing more once it is stopped", async () => {
    const intake = new HoldingIntake();
    await (await source(1)).run(intake, AbortSignal.abort());
    expect(intake.records).toEqual([]);
  });
});
