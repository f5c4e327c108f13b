import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type PubSubEmulator, startPubSub } from "../../src/emulators/pubsub/start-pubsub.ts";
import { pubsubSchemaFetcher } from "../../src/pubsub/schema-fetcher.ts";

const NAME = "projects/p/schemas/events";

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
    const fetcher = pubsubSchemaFetcher(emulator.address);
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
    const fetcher = pubsubSchemaFetcher(address);
    try {
      await expect(fetcher.fetch(`${NAME}@a1`)).rejects.toMatchObject({ code: 14 });
    } finally {
      await fetcher.close();
    }
  });

  test("closing what was never used does nothing", async () => {
    await pubsubSchemaFetcher(undefined).close();
  });
});
