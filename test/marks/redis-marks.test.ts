import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { RedisMarks } from "../../src/marks/redis-marks.ts";
import { StoredMarks } from "../../src/marks/stored-marks.ts";
import { recordingLog } from "../support/context.ts";
import { RedisServer, redisPrograms } from "../support/redis.ts";

const KEEP_MS = 3_600_000;
const open: RedisMarks[] = [];

afterEach(async () => {
  for (const marks of open.splice(0)) await marks.close().catch(() => undefined); // One may have closed it itself.
});

for (const program of redisPrograms)
  describe(`delivered marks in ${program}`, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start(program);
    });
    afterAll(() => server.close());

    /** Two processes may have two clocks. */
    function process({ prefix = "test", url = server.url } = {}) {
      const clock = new VirtualClock();
      const log = recordingLog();
      const marks = new RedisMarks({ url, prefix, keepMs: KEEP_MS, log, clock });
      open.push(marks);
      return { marks, clock, log };
    }

    type Process = ReturnType<typeof process>;

    /** Who has no connection yet, or gets no answer on a busy machine, is not answered for a second. */
    async function known({ marks, clock }: Process, lane: string, ids: readonly string[]) {
      let answer: readonly boolean[] | undefined;
      const ask = async () => {
        answer = await marks.known(lane, ids);
        if (answer === undefined) await clock.advance(1_001);
        return answer !== undefined;
      };
      await expect.poll(ask, { timeout: 20_000 }).toBe(true);
      return answer;
    }

    async function add({ marks, clock }: Process, lane: string, ids: readonly string[]) {
      const ask = async () => {
        const kept = await marks.add(lane, ids);
        if (!kept) await clock.advance(1_001);
        return kept;
      };
      await expect.poll(ask, { timeout: 20_000 }).toBe(true);
    }

    it("are there for another process, for their destination only", async () => {
      const [one, other] = [process(), process()];
      await add(one, "d", ["a", "b"]);
      expect(await known(other, "d", ["b", "c", "a"])).toEqual([true, false, true]);
      expect(await known(other, "e", ["a", "b"])).toEqual([false, false]);
    });

    it("are counted and forgotten as a whole, for a replay, but for those of other installations", async () => {
      const [one, other] = [process({ prefix: "re[p]*" }), process({ prefix: "re[p]*more" })];
      await add(one, "d", ["a", "b"]);
      await add(one, "e:{1}:2", ["a"]);
      await add(other, "d", ["a"]);
      const stored = await StoredMarks.connect({ url: server.url, prefix: "re[p]*" });
      try {
        expect(await stored.facts()).toEqual({ ids: 3, destinations: ["d", "e:{1}:2"] });
        await stored.forget();
        expect(await stored.facts()).toEqual({ ids: 0, destinations: [] });
      } finally {
        stored.close();
      }
      expect(await known(one, "d", ["a", "b"])).toEqual([false, false]);
      expect(await known(other, "d", ["a"])).toEqual([true]);
    });

    it("are kept for their time, and are gone a quarter of it later", async () => {
      const one = process({ prefix: "time" });
      await known(one, "d", ["a"]);
      await one.clock.advance(KEEP_MS / 8);
      await add(one, "d", ["a"]);
      await one.clock.advance(KEEP_MS);
      expect(await known(one, "d", ["a"])).toEqual([true]);
      await one.clock.advance(KEEP_MS / 4);
      expect(await known(one, "d", ["a"])).toEqual([false]);
    });

    it("are found by a process whose clock is behind", async () => {
      const [ahead, behind] = [process({ prefix: "skew" }), process({ prefix: "skew" })];
      await ahead.clock.advance(KEEP_MS / 5);
      await add(ahead, "d", ["a"]);
      expect(await known(behind, "d", ["a"])).toEqual([true]);
    });

    it("are kept of what was being noted when the run ended", async () => {
      const [one, other] = [process({ prefix: "end" }), process({ prefix: "end" })];
      await known(one, "d", ["a"]);
      const kept = one.marks.add("d", ["a"]);
      await one.marks.close();
      expect(await kept).toBe(true);
      expect(await known(other, "d", ["a"])).toEqual([true]);
    });

    it("are not waited for when the server is away: said, and asked again a second later", async () => {
      const own = await RedisServer.start(program);
      const one = process({ url: own.url });
      const { marks, clock, log } = one;
      try {
        await add(one, "d", ["a"]);
        await own.kill();
        const isAnswered = async () => {
          await clock.advance(1_001);
          return (await marks.known("d", ["a"])) !== undefined;
        };
        await expect.poll(isAnswered, { timeout: 20_000 }).toBe(false);
        expect(await marks.add("d", ["b"])).toBe(false);
        expect(log.lines.map(({ message }) => message)).toContain(
          "delivered marks are not looked at: what was sent before a crash may be sent again",
        );
        const { length } = log.lines;
        expect(await marks.known("d", ["a"])).toBeUndefined();
        expect(log.lines).toHaveLength(length);
        await own.start();
        await expect.poll(isAnswered, { timeout: 20_000 }).toBe(true);
      } finally {
        await own.close();
      }
    });
  });
