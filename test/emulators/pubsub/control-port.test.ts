import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type ControlPort, startControlPort } from "../../../src/emulators/pubsub/control-port.ts";
import { type PubSubEmulator, startPubSub } from "../../../src/emulators/pubsub/start-pubsub.ts";

const topic = "projects/test/topics/events";
const subscription = "projects/test/subscriptions/events-sub";
let emulator: PubSubEmulator;
let control: ControlPort;

beforeAll(async () => {
  emulator = await startPubSub();
  control = await startControlPort(emulator, { maxBytes: 10_000 });
  emulator.createTopic(topic);
  emulator.createSubscription({ name: subscription, topic });
});

afterAll(async () => {
  await control.close();
  await emulator.close();
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${control.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

describe("the control port", () => {
  it.each([
    ["GET", "/nowhere", undefined, 404, /No GET \/nowhere here; known: GET \/state/],
    ["GET", "/__proto__", undefined, 404, /known: /],
    ["PUT", "/faults", "{", 400, /not JSON/],
    ["PUT", "/faults", { rpcs: [{ rpc: "Publish", status: "NO" }] }, 400, /Not a fault script/],
    ["PUT", "/faults", "x".repeat(10_001), 400, /larger than 10000 bytes/],
    ["POST", "/end-streams", {}, 400, /Not a valid body/],
    [
      "POST",
      "/publish",
      { topic: "projects/test/topics/none", messages: [{ data: "eA==" }] },
      400,
      /NOT_FOUND/,
    ],
    ["GET", "/ids?subscription=none&kind=acked", undefined, 400, /NOT_FOUND/],
    [
      "GET",
      `/ids?subscription=${subscription}&kind=lost`,
      undefined,
      400,
      /known: published, outstanding, acked/,
    ],
  ])("answers %s %s with a reason", async (method, path, body, status, reason) => {
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect((answer.body as { error: string }).error).toMatch(reason);
  });

  it("sets, adds, shows and removes faults", async () => {
    const script = {
      rpcs: [{ rpc: "Acknowledge", status: "INTERNAL", times: 3 }],
      streams: { silent: true },
    };
    expect(await call("PUT", "/faults", script)).toEqual({ status: 200, body: script });
    const more = { rpcs: [{ rpc: "Publish", latencyMs: 5 }], streams: { copies: 2 } };
    const both = { rpcs: [...script.rpcs, ...more.rpcs], streams: { silent: true, copies: 2 } };
    expect(await call("PATCH", "/faults", more)).toEqual({ status: 200, body: both });
    expect((await call("GET", "/faults")).body).toEqual(both);
    expect(emulator.faults.judge("Acknowledge").refuse?.statusName).toBe("INTERNAL");
    expect((await call("PUT", "/faults", {})).body).toEqual({ rpcs: [], streams: {} });
  });

  it("publishes, and lists what became of it", async () => {
    const messages = [{ data: Buffer.from("hello").toString("base64"), attributes: { a: "b" } }];
    const { body } = await call("POST", "/publish", { topic, messages });
    const ids = { ids: (body as { messageIds: string[] }).messageIds, forgotten: 0 };
    expect((await call("GET", `/ids?subscription=${subscription}&kind=published`)).body).toEqual(ids);
    expect((await call("GET", "/state")).body).toMatchObject({
      connections: 0,
      topics: [{ name: topic, published: 1, subscriptions: [subscription] }],
      subscriptions: [{ name: subscription, published: 1, waiting: 1, outstanding: 0, acked: 0, streams: 0 }],
    });
  });

  it("cuts what there is to cut", async () => {
    expect((await call("POST", "/end-streams", { status: "ABORTED" })).body).toEqual({ ended: 0 });
    expect((await call("POST", "/drop-connections")).body).toEqual({ dropped: 0 });
    expect((await call("POST", "/go-away", { graceMs: 5 })).body).toEqual({});
  });
});
