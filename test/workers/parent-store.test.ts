import { expect, it } from "vitest";

import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import type { Ask } from "../../src/rates/rate-store.ts";
import type { FromWorker } from "../../src/workers/messages.ts";
import { ParentStore } from "../../src/workers/parent-store.ts";

const none = Number.POSITIVE_INFINITY;
const ask: Ask = {
  key: "d1",
  rates: { events: 400, requests: none, bytes: none },
  priority: "live",
  events: 10,
  bytes: 1_000,
  leastBytes: 100,
  lateMs: 10,
  returned: undefined,
  heldMs: 1_000,
  answered: [],
  rejoins: false,
};

function opened() {
  const clock = new VirtualClock();
  const sent: FromWorker[] = [];
  const store = new ParentStore((message) => sent.push(message), clock);
  return { clock, sent, store };
}

it("asks the supervisor, and gives each answer to its question", async () => {
  const { sent, store } = opened();
  const answers = [store.ask(ask), store.ask({ ...ask, key: "d2" })];
  expect(sent.map((message) => (message.kind === "ask" ? [message.id, message.ask.key] : []))).toEqual([
    [1, "d1"],
    [2, "d2"],
  ]);
  store.answered(2, { kind: "wait", ms: 2 });
  store.answered(1, { kind: "wait", ms: 1 });
  store.answered(1, { kind: "wait", ms: 9 });
  expect(await Promise.all(answers)).toEqual([
    { kind: "wait", ms: 1 },
    { kind: "wait", ms: 2 },
  ]);
});

it("gives up after two seconds, and says every 300 ms which rates it uses", async () => {
  const { clock, sent, store } = opened();
  await clock.advance(1_000);
  expect(sent).toEqual([]);
  const late = expect(store.ask(ask)).rejects.toThrow("no answer within 2000 ms");
  await clock.advance(2_000);
  await late;
  const alive = sent.filter(({ kind }) => kind === "alive");
  expect(alive).toHaveLength(7);
  expect(alive[0]).toEqual({ kind: "alive", keys: ["d1"] });
  await store.close();
});

it("fails every question at once when the supervisor is gone", async () => {
  const { clock, sent, store } = opened();
  const failed = expect(store.ask(ask)).rejects.toThrow("the supervisor is gone");
  store.lost();
  await failed;
  await expect(store.ask(ask)).rejects.toThrow("the supervisor is gone");
  const before = sent.length;
  await clock.advance(5_000);
  expect(sent).toHaveLength(before);
});
