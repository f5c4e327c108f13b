import { expect, test } from "vitest";

import { SecretScrubber } from "../../src/config/scrubber.ts";
import { suggest } from "../../src/config/suggest.ts";

const keys = ["subscription", "maxMessages", "maxBytes", "endpoint", "us", "eu"];

test.each([
  ["subscripton", "subscription"],
  ["SUBSCRIPTION", "subscription"],
  ["max-messages", "maxMessages"],
  ["max_bytes", "maxBytes"],
  ["endpiont", "endpoint"],
  ["u", "us"],
  ["banana", undefined],
  ["", undefined],
  ["x".repeat(10_000), undefined],
])("%j is taken for %j", (word, meant) => {
  expect(suggest(word, keys)).toBe(meant);
});

test("a scrubber takes out the longest secret first, each line of it, and no short words", () => {
  const scrubber = new SecretScrubber();
  for (const secret of ["abcd", "abcdefgh", "line one\nline two", "the", 'qu"ote']) scrubber.add(secret);
  expect(scrubber.scrub('abcdefgh abcd line two the "qu\\"ote"')).toBe(
    '[redacted] [redacted] [redacted] the "[redacted]"',
  );
});
