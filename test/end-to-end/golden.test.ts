import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import { writeContainer } from "../../src/avro/container-writer.ts";
import { encodeAvro, exportEventSchema } from "../../src/emulators/avro-events.ts";
import { documented, EXAMPLES, exported, sent } from "../support/fixtures.ts";
import { eventTexts, pipelineYaml, start, SUBSCRIPTION, TOPIC, type Town, town } from "../support/program.ts";

const events = EXAMPLES.map((name) => exported(name));
const environments = [...new Set(events.map((event) => String(event["environment"])))];

/** Every event that reached the local Segment, as the bytes that were sent. */
function received(world: Town): string[] {
  return world.segment
    .requests()
    .flatMap(({ body }) => eventTexts(body!))
    .sort();
}

async function throughRun(world: Town, data: Buffer[], pipeline: string): Promise<string[]> {
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  world.pubsub.publish(
    TOPIC,
    data.map((one) => ({ data: one })),
  );
  const program = start(["run", pipeline], { cwd: world.folder, env: world.env });
  await world.segment.waitForEvents(events.length, 20_000);
  program.child.kill("SIGTERM");
  expect(await program.exit, program.output.stderr).toBe(0);
  expect(world.pubsub.subscription(SUBSCRIPTION)).toMatchObject({ outstanding: 0, acked: events.length });
  return received(world);
}

async function throughBackfill(
  world: Town,
  name: string,
  content: Uint8Array,
  pipeline: string,
): Promise<string[]> {
  const file = await world.write(name, content);
  const program = start(["backfill", pipeline, "--from", file], { cwd: world.folder, env: world.env });
  expect(await program.exit, program.output.stderr).toBe(0);
  return received(world);
}

describe("the documented example events", () => {
  const json = events.map((event) => Buffer.from(JSON.stringify(event)));
  const avro = events.map((event) => encodeAvro(event));

  const ways: Record<string, (world: Town) => Promise<string[]>> = {
    "JSON through run": async (world) => {
      world.pubsub.createTopic(TOPIC);
      return throughRun(
        world,
        json,
        await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" })),
      );
    },
    "Avro of a topic schema through run": async (world) => {
      const schema = "projects/test-project/schemas/export";
      world.pubsub.createSchema({ name: schema, type: "AVRO", definition: exportEventSchema() });
      world.pubsub.createTopic({ name: TOPIC, schemaSettings: { schema, encoding: "BINARY" } });
      return throughRun(world, avro, await world.write("p.yaml", pipelineYaml()));
    },
    "NDJSON through backfill": async (world) =>
      throughBackfill(
        world,
        "a.ndjson",
        Buffer.from(json.join("\n")),
        await world.write("p.yaml", pipelineYaml()),
      ),
    "gzipped NDJSON through backfill": async (world) =>
      throughBackfill(world, "a.gz", gzipSync(json.join("\n")), await world.write("p.yaml", pipelineYaml())),
    "an Avro container through backfill": async (world) =>
      throughBackfill(
        world,
        "a.avro",
        writeContainer(exportEventSchema(), avro, { codec: "deflate" }),
        await world.write("p.yaml", pipelineYaml()),
      ),
  };
  let reference: string[] | undefined;

  for (const [way, go] of Object.entries(ways)) {
    it(`come out as documented, and as the same bytes every way: ${way}`, async () => {
      const texts = await go(await town(environments));
      reference ??= texts;
      expect(texts).toEqual(reference);
      expect(texts).toHaveLength(EXAMPLES.length);
      for (const name of EXAMPLES) {
        const page = documented(name) as {
          type: string;
          event?: string;
          userId: string;
          properties: object;
          originalTimestamp: string;
        };
        const message = texts
          .map((text) => JSON.parse(text))
          .find((one) => one.type === page.type && one.event === page.event);
        expect(message.properties).toEqual(page.properties);
        expect([message.userId, message.timestamp]).toEqual([page.userId, page.originalTimestamp]);
        expect(message.anonymousId).toBe(undefined);
        if (name === "feature") expect(message).toEqual(sent(name));
      }
    });
  }

  it("come out of a backfill into a file as the very lines that Segment would get", async () => {
    const world = await town(environments);
    const from = await world.write("a.ndjson", Buffer.from(json.join("\n")));
    const pipeline = await world.write("p.yaml", pipelineYaml());
    const args = ["backfill", pipeline, "--from", from, "--to", "file:out.ndjson"];
    // Without a write key: a file needs none.
    const program = start(args, { cwd: world.folder, env: { SEGMENT_ENDPOINT: world.segment.url } });
    expect(await program.exit, program.output.stderr).toBe(0);
    const lines = (await readFile(join(world.folder, "out.ndjson"), "utf8")).trim().split("\n").sort();
    expect(lines).toEqual(reference);
  });
});
