// That V8 does what the program asks of it: a setting of V8 may change with its version.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect, it } from "vitest";

const built = new URL("../../dist/commands/run/young-generation.js", import.meta.url).href;
/** Little survives each collection, and much in all: the young generation grows for it where it may. */
const SCRIPT = `
import { getHeapSpaceStatistics } from "node:v8";
const { keepOwnYoungGenerationSmall } = await import(${JSON.stringify(built)});
const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size;
const make = () => {
  const kept = new Array(2_000);
  for (let i = 0; i < 10_000_000; i += 1) kept[i % kept.length] = { i };
  return size();
};
const release = keepOwnYoungGenerationSmall();
const held = make();
release();
console.log(JSON.stringify({ held, free: make() }));
`;

it("the young generation stays small while it is held, and grows when it may", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", SCRIPT]);
  const { held, free } = JSON.parse(stdout) as { held: number; free: number };
  expect(held).toBeLessThanOrEqual(4 * 2 ** 20);
  expect(free).toBeGreaterThan(held);
});
