import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { bodyOf, letterKey, NotALetter, parseLetter } from "../../../src/commands/dead-letters/letter.ts";
import type { DeadLetter } from "../../../src/engine/dead-letters.ts";
import { DeadLetters, DeadLetterWindow } from "../../../src/engine/dead-letters.ts";
import { Metrics } from "../../../src/engine/metrics.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { silentLog } from "../../support/context.ts";
import { aLetter } from "../../support/letters.ts";
import { aRecord, letterSink } from "../../support/stages.ts";

describe("a line", () => {
  it.each([
    ["an event", { kind: "click" }, "id is not a text"],
    ["a list", [], "not a JSON object"],
    ["a letter without body", { ...aLetter(), body: undefined }, "body is not a text"],
    ["attributes that are no texts", { ...aLetter(), attributes: { a: 1 } }, "attributes are not texts"],
    ["a time that is none", { ...aLetter(), failedAt: "yesterday" }, "failedAt is not a time"],
    ["a negative attempt", { ...aLetter(), attempt: -1 }, "attempt is not a count"],
    ["half a redrive", { ...aLetter(), redrives: 0.5 }, "redrives is not a count"],
  ])("that holds %s is no letter", (_, value, why) => {
    expect(() => parseLetter(JSON.stringify(value))).toThrow(why);
  });

  it("that is not JSON is refused with the position, not with a piece of it", () => {
    expect(() => parseLetter('{"id": "secret')).toThrow(NotALetter);
    expect(() => parseLetter('{"id": "secret')).not.toThrow("secret");
  });

  it("of any text is a letter or refused, never a crash", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseLetter(text);
        } catch (error) {
          expect(error).toBeInstanceOf(NotALetter);
        }
      }),
    );
  });

  it("cannot slip in a prototype", () => {
    const line = JSON.stringify(aLetter()).replace('"attributes":{}', '"attributes":{"__proto__":"x"}');
    expect(Object.keys(parseLetter(line).attributes)).toEqual([]);
  });

  it("keeps keys of later versions", () => {
    expect(parseLetter(JSON.stringify({ ...aLetter(), more: 1 }))).toEqual({ ...aLetter(), more: 1 });
  });
});

it("what the engine writes is what is read, for any record", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        fc.string(),
      ),
      fc.string(),
      fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      async (body, attributes, id, redrives) => {
        const sink = letterSink();
        const letters = new DeadLetters({
          pipeline: "test",
          configVersion: "v1",
          sink,
          clock: new VirtualClock(),
          random: () => 0,
          log: silentLog,
          metrics: new Metrics(),
          window: new DeadLetterWindow(10, 10),
          onDrowning() {},
          onBug: (error) => {
            throw error;
          },
        });
        const origin = aRecord(id, "", { body, attributes, publishedAtMs: 1_000, redrives });
        await new Promise<void>((done) =>
          letters.add({ origin, stage: "s", code: "c", message: "m", destination: "d" }, done),
        );
        const letter = parseLetter(JSON.stringify(sink.letters[0]));
        expect(new Uint8Array(bodyOf(letter))).toEqual(body);
        expect(letter).toEqual(sink.letters[0]);
        expect(letter).toMatchObject({ id, destination: "d", publishedAt: "1970-01-01T00:00:01.000Z" });
        expect(letter.attributes).toEqual(attributes);
        expect(letter.redrives).toBe(redrives);
      },
    ),
    { numRuns: 200 },
  );
});

describe("the key", () => {
  const base = aLetter({ destination: "a" });
  const same: Partial<DeadLetter>[] = [
    { code: "other", stage: "other", message: "other" },
    { attempt: 7, failedAt: "2027-01-01T00:00:00.000Z", configVersion: "v2" },
  ];
  it.each(same)("is the same for another failure of the same delivery: %o", (change) => {
    expect(letterKey({ ...base, ...change })).toBe(letterKey(base));
  });

  const other: Partial<DeadLetter>[] = [
    { id: "2" },
    { pipeline: "other" },
    { destination: "b" },
    { redrives: 1 },
    { body: "QQ==" },
  ];
  it.each(other)("is another for another delivery: %o", (change) => {
    expect(letterKey({ ...base, ...change })).not.toBe(letterKey(base));
  });

  it("does not mix up its parts", () => {
    expect(letterKey(aLetter({ id: "ab", pipeline: "c" }))).not.toBe(
      letterKey(aLetter({ id: "b", pipeline: "ca" })),
    );
  });
});

it("a body that is not base64 is refused, not guessed at", () => {
  expect(() => bodyOf(aLetter({ body: "e30" }))).toThrow("not base64");
  expect(() => bodyOf(aLetter({ body: "e3!0=" }))).toThrow("not base64");
  expect(bodyOf(aLetter({ body: "e30=" })).toString()).toBe("{}");
});
