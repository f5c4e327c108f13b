import { beforeEach, describe, expect, test } from "vitest";

import { type SchemaFetcher, schemaRevisions } from "../../src/avro/revisions.ts";
import { DataError } from "../../src/engine/errors.ts";

const NAME = "projects/p/schemas/events";

/** Answers by hand, so that a test decides when. */
class ManualFetcher implements SchemaFetcher {
  readonly asked: {
    readonly name: string;
    answer(definition: string, type?: string): void;
    fail(error: Error): void;
  }[] = [];

  fetch(name: string): Promise<{ type: string; definition: string }> {
    return new Promise((resolve, reject) => {
      this.asked.push({
        name,
        answer: (definition, type = "AVRO") => resolve({ type, definition }),
        fail: reject,
      });
    });
  }

  async close(): Promise<void> {}
}

describe("schemaRevisions", () => {
  let fetcher: ManualFetcher;
  let now: number;
  let revisions: ReturnType<typeof schemaRevisions>;

  beforeEach(() => {
    fetcher = new ManualFetcher();
    now = 0;
    revisions = schemaRevisions(fetcher, () => now);
  });

  test("fetches a revision once, however many ask at the same time, and keeps it", async () => {
    const asking = [revisions.get(NAME, "a1"), revisions.get(NAME, "a1")];
    expect(revisions.ready(NAME, "a1")).toBe(false);
    fetcher.asked[0]!.answer('"int"');
    const [first, second] = await Promise.all(asking);
    expect(second).toBe(first);
    expect(await revisions.get(NAME, "a1")).toBe(first);
    expect(revisions.peek(NAME, "a1")).toBe(first);
    expect(fetcher.asked.map(({ name }) => name)).toStrictEqual([`${NAME}@a1`]);
  });

  test("asks for the newest revision when none is named", async () => {
    void revisions.get(NAME, "");
    expect(fetcher.asked[0]!.name).toBe(NAME);
  });

  test.each([5, 3])("gRPC status %d is bad data, remembered for 30 s", async (code) => {
    const asking = revisions.get(NAME, "gone");
    fetcher.asked[0]!.fail(Object.assign(new Error("no"), { code }));
    await expect(asking).rejects.toMatchObject({ name: "DataError", code: "avro-schema-not-found" });
    expect(revisions.peek(NAME, "gone")).toBeInstanceOf(DataError);
    await expect(revisions.get(NAME, "gone")).rejects.toMatchObject({ code: "avro-schema-not-found" });
    expect(fetcher.asked).toHaveLength(1);
    now = 30_000;
    expect(revisions.ready(NAME, "gone")).toBe(false);
    const again = revisions.get(NAME, "gone");
    fetcher.asked[1]!.answer('"int"');
    expect((await again).json).toBe('"int"');
  });

  test.each([14, 4, 7, 16])("gRPC status %d is weather: passed on, asked again at once", async (code) => {
    const asking = revisions.get(NAME, "a1");
    fetcher.asked[0]!.fail(Object.assign(new Error("later"), { code }));
    await expect(asking).rejects.toMatchObject({ code, message: "later" });
    expect(revisions.peek(NAME, "a1")).toBeUndefined();
    void revisions.get(NAME, "a1");
    expect(fetcher.asked).toHaveLength(2);
  });

  test("a schema of another kind is bad data", async () => {
    const asking = revisions.get(NAME, "a1");
    fetcher.asked[0]!.answer("syntax = ...", "PROTOCOL_BUFFER");
    await expect(asking).rejects.toMatchObject({ code: "avro-schema-unsupported" });
  });

  test("keeps the 1,024 revisions used last", async () => {
    for (let index = 0; index <= 1_024; index++) {
      const asking = revisions.get(NAME, `r${index}`);
      fetcher.asked[index]!.answer('"int"');
      await asking;
    }
    expect([
      revisions.ready(NAME, "r0"),
      revisions.ready(NAME, "r1"),
      revisions.ready(NAME, "r1024"),
    ]).toStrictEqual([false, true, true]);
  });
});
