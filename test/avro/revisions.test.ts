import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { pubsubSchemaFetcher, type SchemaFetcher, schemaRevisions } from "../../src/avro/revisions.ts";
import { DataError } from "../../src/engine/errors.ts";
import { type PubSubEmulator, startPubSub } from "../../src/emulators/pubsub/start-pubsub.ts";

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

describe("pubsubSchemaFetcher", () => {
  let emulator: PubSubEmulator;

  beforeEach(async () => {
    emulator = await startPubSub();
  });
  afterEach(() => emulator.close());

  test("fetches each revision of a schema", async () => {
    const first = emulator.createSchema({
      name: NAME,
      type: "AVRO",
      definition: '{"type":"record","name":"R","fields":[]}',
    });
    const wider = '{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":0}]}';
    const second = emulator.commitSchema({ name: NAME, type: "AVRO", definition: wider });
    const fetcher = pubsubSchemaFetcher(emulator.address, undefined);
    try {
      expect((await fetcher.fetch(`${NAME}@${first.revisionId}`)).definition).not.toBe(wider);
      expect(await fetcher.fetch(`${NAME}@${second.revisionId}`)).toStrictEqual({
        type: "AVRO",
        definition: wider,
      });
      await expect(fetcher.fetch("projects/p/schemas/none@12345678")).rejects.toMatchObject({ code: 5 });
    } finally {
      await fetcher.close();
    }
  });

  test("a server that is not there is weather", async () => {
    const address = emulator.address;
    await emulator.close();
    const fetcher = pubsubSchemaFetcher(address, undefined);
    try {
      await expect(fetcher.fetch(`${NAME}@a1`)).rejects.toMatchObject({ code: 14 });
    } finally {
      await fetcher.close();
    }
  });

  test("closing what was never used does nothing", async () => {
    await pubsubSchemaFetcher(undefined, undefined).close();
  });
});
