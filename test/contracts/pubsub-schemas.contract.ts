import { SchemaTypes, SchemaViews } from "@google-cloud/pubsub";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";

import { fresh, project, type PubSubWorld } from "./pubsub-world.ts";

export function schemas(world: () => PubSubWorld): void {
  describe("schemas", () => {
    const fields = [
      { name: "key", type: "string" },
      { name: "n", type: ["null", "long"], default: null },
    ];
    const definition = JSON.stringify({ type: "record", name: "Event", fields });
    const evolved = JSON.stringify({
      type: "record",
      name: "Event",
      fields: [...fields, { name: "extra", type: "string", default: "" }],
    });

    async function aSchema() {
      const schema = await world().pubsub.createSchema(fresh("schema"), SchemaTypes.Avro, definition);
      const schemaName = await schema.getName();
      const created = await schema.get(SchemaViews.Full);
      return { schema, schemaName, firstRevision: created.revisionId as string };
    }

    async function aSchemaTopic(schema: string, encoding: "JSON" | "BINARY") {
      const name_ = fresh("topic");
      const [topic] = await world().pubsub.createTopic({
        name: name_,
        schemaSettings: { schema, encoding: encoding },
      });
      const [subscription] = await topic.createSubscription(fresh("sub"));
      return { topic, subscription };
    }

    it("keeps revisions and serves each by its id", async () => {
      const { schema, schemaName, firstRevision } = await aSchema();
      const client = await world().pubsub.getSchemaClient();
      const committed = { name: schemaName, type: SchemaTypes.Avro, definition: evolved };
      const [second] = await client.commitSchema({ name: schemaName, schema: committed });
      expect(second.revisionId).toMatch(/^[0-9a-f]{8}$/);
      expect((await schema.get(SchemaViews.Full)).definition).toBe(evolved);
      const [old] = await client.getSchema({ name: `${schemaName}@${firstRevision}` });
      expect(old.definition).toBe(definition);
      const [revisions] = await client.listSchemaRevisions({ name: schemaName });
      expect(revisions.map((r) => r.revisionId).sort()).toEqual([firstRevision, second.revisionId].sort());
      const missing = client.getSchema({ name: `${schemaName}@00000000` });
      await expect(missing).rejects.toMatchObject({ code: status.NOT_FOUND });
    });

    it("refuses a definition that is no schema, and a topic with a schema that is none", async () => {
      const bad = world().pubsub.createSchema(fresh("schema"), SchemaTypes.Avro, '{"type":"recor"}');
      await expect(bad).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const none = aSchemaTopic(`projects/${project}/schemas/no-such-schema`, "JSON");
      await expect(none).rejects.toMatchObject({ code: status.NOT_FOUND });
    });

    it("checks JSON messages and stamps the revision they fit", async () => {
      const { schemaName, firstRevision } = await aSchema();
      const { topic, subscription } = await aSchemaTopic(schemaName, "JSON");
      for (const text of ['{"key":"a","n":5}', '{"key":"a"}', '{"key":7,"n":null}', "nonsense"]) {
        const publishing = topic.publishMessage({ data: Buffer.from(text) });
        await expect(publishing).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      }
      await topic.publishMessage({ data: Buffer.from('{"key":"a","n":{"long":5}}') });
      const { message } = await world().pullOne(subscription.name);
      expect(message?.attributes).toEqual({
        googclient_schemaname: schemaName,
        googclient_schemarevisionid: firstRevision,
        googclient_schemaencoding: "JSON",
      });
    });

    it("checks binary messages against the newest revision first, then the older ones", async () => {
      const { schemaName, firstRevision } = await aSchema();
      const client = await world().pubsub.getSchemaClient();
      const schema = { name: schemaName, type: SchemaTypes.Avro, definition: evolved };
      const [second] = await client.commitSchema({ name: schemaName, schema });
      const { topic, subscription } = await aSchemaTopic(schemaName, "BINARY");
      const oldDatum = Buffer.from([2, 0x61, 2, 10]);
      const newDatum = Buffer.from([2, 0x61, 2, 10, 2, 0x62]);
      const revisionOf = async (data: Buffer) => {
        await topic.publishMessage({ data });
        const { message, ackId } = await world().pullOne(subscription.name);
        await world().raw.acknowledge({ subscription: subscription.name, ackIds: [ackId as string] });
        expect(message?.attributes?.["googclient_schemaencoding"]).toBe("BINARY");
        return message?.attributes?.["googclient_schemarevisionid"];
      };
      expect(await revisionOf(newDatum)).toBe(second.revisionId);
      expect(await revisionOf(oldDatum)).toBe(firstRevision);
      const truncated = topic.publishMessage({ data: Buffer.from([20, 0x61]) });
      await expect(truncated).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    });
  });
}
