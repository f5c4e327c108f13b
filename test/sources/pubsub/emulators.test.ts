import { PubSub } from "@google-cloud/pubsub";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { RunError } from "../../../src/engine/errors.ts";
import { type PubSubEmulator, startPubSub } from "../../../src/emulators/pubsub/start-pubsub.ts";
import sinkDefinition from "../../../src/sinks/pubsub.ts";
import { aContext } from "../../support/context.ts";
import { startGoogleEmulator } from "../../support/google-emulator.ts";
import { closeAll, closers, onRealConnection, until } from "./real-connection.ts";

const google = await startGoogleEmulator();
const ours = await startPubSub();
afterAll(async () => {
  if ("host" in google) await google.close();
  await ours.close();
});
afterEach(closeAll);

let made = 0;

async function aSubscription(endpoint: string) {
  made += 1;
  const client = new PubSub({ projectId: "sluice-tests", apiEndpoint: endpoint, emulatorMode: true });
  const [topic] = await client.createTopic(`topic-${made}`);
  const [{ name: subscription }] = await topic.createSubscription(`subscription-${made}`, {
    ackDeadlineSeconds: 10,
  });
  closers.push(() => client.close());
  const publish = async (texts: readonly string[]) => {
    await Promise.all(
      texts.map((text) => topic.publishMessage({ data: Buffer.from(text), attributes: { text } })),
    );
  };
  return { subscription, topic: topic.name, publish };
}

const textOf = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString();
const texts = (n: number) => Array.from({ length: n }, (_, index) => `event ${index}`);

function contract(endpoint: string): void {
  it("delivers every message once, with its attributes and time, and none again after its acknowledgement", async () => {
    const { subscription, publish } = await aSubscription(endpoint);
    const { records, counts } = onRealConnection(endpoint, { subscription, ackDeadlineSeconds: 10 });
    await publish(texts(300));
    await until(() => records.length >= 300);
    expect(records.map(textOf).sort()).toEqual(texts(300).sort());
    expect(records.every((record) => record.attributes["text"] === textOf(record))).toBe(true);
    expect(Math.abs((records[0]?.publishedAtMs ?? 0) - Date.now())).toBeLessThan(3_600_000);
    for (const record of records.splice(0)) record.settle("ack");
    await until(() => counts.get("source_acks_total") === 300);
    await publish(["last"]);
    await until(() => records.length > 0);
    expect(records.map(textOf)).toEqual(["last"]);
  });

  it("delivers again, to another source, what was given back at a stop", async () => {
    const { subscription, publish } = await aSubscription(endpoint);
    const first = onRealConnection(endpoint, { subscription, ackDeadlineSeconds: 600 });
    await publish(texts(20));
    await until(() => first.records.length >= 20);
    await first.stop();
    const second = onRealConnection(endpoint, { subscription });
    await until(() => second.records.length >= 20);
    expect(second.records.map(textOf).sort()).toEqual(texts(20).sort());
  });

  it("fails the run with advice when there is no such subscription", async () => {
    const missing = { subscription: "projects/sluice-tests/subscriptions/nowhere", rebuilds: 2 };
    const { failure, ended } = onRealConnection(endpoint, missing);
    await ended;
    expect(failure()).toBeInstanceOf(RunError);
    expect(failure()).toMatchObject({
      code: "pubsub-not-found",
      message: expect.stringContaining("nowhere"),
    });
  });

  it("receives what the pubsub sink publishes, and the sink's probe tells whether the topic is there", async () => {
    const { subscription, topic } = await aSubscription(endpoint);
    const create = (name: string) =>
      sinkDefinition.create({ ...sinkDefinition.example, topic: name, endpoint }, aContext());
    const [sink, lost] = [await create(topic), await create(`${topic}-missing`)];
    closers.push(
      () => sink.close(),
      () => lost.close(),
    );
    const { signal } = new AbortController();
    const text = sink.encode({ n: 1 });
    const origin = {
      id: "1",
      body: new Uint8Array(0),
      attributes: {},
      publishedAtMs: 0,
      attempt: 1,
      writerSchema: undefined,
    };
    const items = [{ value: { n: 1 }, text, bytes: text.length, origin }];
    await sink.probe(topic, signal);
    await expect(lost.probe(`${topic}-missing`, signal)).rejects.toMatchObject({ kind: "misconfigured" });
    await sink.write({ lane: topic, items, bytes: text.length, attempt: 1 }, signal);
    const { records } = onRealConnection(endpoint, { subscription });
    await until(() => records.length === 1);
    expect(records.map(textOf)).toEqual(['{"n":1}']);
  });
}

describe("against our emulator", () => contract(ours.address));

if ("host" in google) describe("against Google's emulator", () => contract(google.host));
else it(`against Google's emulator: not run, ${google.missing}`, () => {});

describe("against our emulator with faults", () => {
  let faulty: PubSubEmulator;
  beforeAll(async () => {
    faulty = await startPubSub();
  });
  afterEach(() => faulty.faults.clear());
  afterAll(() => faulty.close());

  it("sends nothing twice when acknowledgements take effect but their answers are lost", async () => {
    const { subscription, publish } = await aSubscription(faulty.address);
    faulty.faults.fail({ rpc: "Acknowledge", status: "INTERNAL", when: "after", times: 3 });
    const { records } = onRealConnection(faulty.address, { subscription });
    await publish(texts(50));
    await until(() => records.length >= 50);
    for (const record of records) record.settle("ack");
    await until(() => faulty.subscription(subscription).acked === 50);
    expect(records).toHaveLength(50);
  });

  it("offers each message once in a storm of redeliveries", async () => {
    const { subscription, publish } = await aSubscription(faulty.address);
    faulty.faults.setStreams({ copies: 3 });
    const { records, counts } = onRealConnection(faulty.address, { subscription });
    await publish(texts(100));
    await until(() => (counts.get("source_messages_received_total") ?? 0) >= 300);
    expect(records.map(textOf).sort()).toEqual(texts(100).sort());
    for (const record of records) record.settle("ack");
    await until(() => faulty.subscription(subscription).acked === 100);
  });

  it("holds no more than its bound when the emulator ignores flow control", async () => {
    const { subscription, topic } = await aSubscription(faulty.address);
    const data = Buffer.alloc(500, "x");
    for (let n = 0; n < 20; n++)
      faulty.publish(
        topic,
        Array.from({ length: 1_000 }, () => ({ data })),
      );
    faulty.faults.setStreams({ ignoreFlowControl: true });
    const { records } = onRealConnection(faulty.address, { subscription, maxMessages: 500 });
    const seen = new Set<string>();
    let most = 0;
    while (seen.size < 20_000) {
      await until(() => records.length > 0);
      most = Math.max(most, records.length);
      for (const record of records.splice(0)) {
        seen.add(record.id);
        record.settle("ack");
      }
    }
    // The bound, and at most one response more.
    expect(most).toBeLessThan(2_000);
  });

  it("goes on after every connection was reset", async () => {
    const { subscription, publish } = await aSubscription(faulty.address);
    const { records } = onRealConnection(faulty.address, { subscription });
    for (let round = 1; round <= 3; round++) {
      await publish([`round ${round}`]);
      await until(() => records.some((record) => textOf(record) === `round ${round}`));
      faulty.dropConnections();
    }
  });
});
