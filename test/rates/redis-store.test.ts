import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import type { Answer, Ask } from "../../src/rates/rate-store.ts";
import { RateTable } from "../../src/rates/rate-table.ts";
import { RedisStore } from "../../src/rates/redis-store.ts";
import { randomOf } from "../engine/simulation/random.ts";
import { recordingLog } from "../support/context.ts";
import { RedisServer, redisPrograms } from "../support/redis.ts";

const none = Number.POSITIVE_INFINITY;
const stores: RedisStore[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

it("needs an address that it can read", () => {
  expect(() => new RedisStore({ url: "nonsense", log: recordingLog() })).toThrow(/Invalid/);
});

for (const program of redisPrograms)
  describe(`the rate store in ${program}`, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start(program);
    });
    afterAll(() => server.close());

    async function open(prefix: string): Promise<RedisStore> {
      const store = new RedisStore({
        url: server.url,
        prefix,
        log: recordingLog(),
        clock: new VirtualClock(),
      });
      stores.push(store);
      await expect
        .poll(() =>
          store.ask(ask({ key: "ready" })).then(
            () => "ready",
            () => "not yet",
          ),
        )
        .toBe("ready");
      return store;
    }

    it("answers a thousand random questions exactly as the table of one machine does", async () => {
      for (const seed of [1, 2, 3]) {
        const random = randomOf(seed);
        const store = await open(`seed-${seed}`);
        const table = new RateTable();
        let now = 1_700_000_000_000;
        // The server counts grants by rate: an id means nothing to another one.
        const all: Record<string, { mine: Answer & { kind: "granted" }; its: string }[]> = { a: [], b: [] };
        for (let i = 0; i < 350; i++) {
          now += random.chance(0.02) ? random.between(900, 3_000) : random.next() * 30;
          if (random.chance(0.1)) {
            table.alive(["a", "b", "ready"], now);
            await store.alive(now);
            continue;
          }
          const asked = randomAsk(random);
          const held = all[asked.key]!;
          const back = random.chance(0.3) ? held.splice(random.between(0, held.length), 1)[0] : undefined;
          const part = back && {
            events: random.between(0, back.mine.events),
            bytes: random.between(0, back.mine.bytes),
            earlyMs: random.next() * 5 - 1,
          };
          const answered = held
            .slice(0, random.between(0, 2))
            .map((one) => ({ ...one, lateMs: random.next() * 200 }));
          const askOf = (whose: "mine" | "its") => ({
            ...asked,
            returned: back && part && { id: idOf(back, whose), ...part },
            answered: answered.map((one) => ({ id: idOf(one, whose), lateMs: one.lateMs })),
          });
          const mine = table.ask(askOf("mine"), now);
          const its = await store.ask(askOf("its"), now);
          expect(rounded(its), `seed ${seed}, question ${i}`).toEqual(rounded(mine));
          if (mine.kind === "granted" && its.kind === "granted" && random.chance(0.5))
            held.push({ mine, its: its.id });
        }
      }
    });

    it("gives two processes together no more than the rate, on its own clock", async () => {
      const [one, two] = [await open("both"), await open("both")];
      const rates = { events: 50, requests: none, bytes: none };
      let events = 0;
      const startedAt = performance.now();
      for (let n = 0; n < 200; n++) {
        const answer = await (n % 2 ? one : two).ask(ask({ key: "k", rates, events: 10 }));
        if (answer.kind === "granted") events += answer.events;
      }
      // However slow this machine is: so many seconds begin from the first question to the last.
      const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
      expect(events).toBeLessThanOrEqual(50 * seconds);
    });

    it("fails a question at once while the server is away, and answers when it is back", async () => {
      const store = await open("away");
      await server.kill();
      await expect(store.ask(ask({}))).rejects.toThrow();
      await expect(store.ask(ask({}))).rejects.toThrow();
      await server.start();
      await expect
        .poll(
          () =>
            store.ask(ask({})).then(
              ({ kind }) => kind,
              () => "not yet",
            ),
          { timeout: 10_000 },
        )
        .toBe("gather");
    });
  });

function ask(part: Partial<Ask>): Ask {
  return {
    key: "a",
    rates: { events: 400, requests: none, bytes: none },
    priority: "live",
    events: 100,
    bytes: 10_000,
    leastBytes: 100,
    lateMs: 10,
    returned: undefined,
    heldMs: 1_000,
    answered: [],
    rejoins: false,
    ...part,
  };
}

function idOf(held: { mine: Answer & { kind: "granted" }; its: string }, whose: "mine" | "its"): string {
  return whose === "mine" ? held.mine.id : held.its;
}

function randomAsk(random: ReturnType<typeof randomOf>): Ask {
  const leastBytes = random.between(50, 400);
  const events = random.between(1, 100);
  return ask({
    key: random.chance(0.8) ? "a" : "b",
    rates: random.chance(0.05)
      ? { events: none, requests: 30, bytes: none }
      : { events: 400, requests: random.chance(0.5) ? 20 : random.chance(0.2) ? 3 : none, bytes: 60_000 },
    priority: random.chance(0.6) ? "live" : "backfill",
    events,
    bytes: leastBytes + events * random.between(10, 200),
    leastBytes,
    lateMs: random.next() * 40,
    heldMs: random.chance(0.3) ? 0 : random.next() * 1_000,
    rejoins: random.chance(0.01),
  });
}

/** Beyond a millionth of a millisecond two machines may add up differently. */
function rounded(answer: Answer): unknown {
  if (answer.kind === "granted") return { kind: answer.kind, events: answer.events, bytes: answer.bytes };
  return { kind: answer.kind, ms: Math.round(answer.ms * 1000) / 1000 };
}
