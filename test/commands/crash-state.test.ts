import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { openCrashGuard } from "../../src/commands/crash-state.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { recordingLog } from "../support/context.ts";
import { tempFolder } from "../support/temp-folder.ts";

function aWorld() {
  const log = recordingLog();
  return { clock: new VirtualClock(), log, warnings: () => log.lines.map(({ fields }) => fields) };
}

/** What a process leaves when it dies in the middle: its files, and a lock of nobody. */
async function died(slot: string): Promise<void> {
  await writeFile(
    join(slot, "lock"),
    JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), startedAt: "", token: "x" }),
  );
}

it("goes on without a breaker when the directory cannot be written", async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, "file"), "");
  const world = aWorld();
  expect(await openCrashGuard(join(folder, "file", "state"), world)).toBe(undefined);
  expect(world.log.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("--state") }]);
});

it("watches after a process that did not end, and knows what it was working on", async () => {
  const folder = await tempFolder();
  const first = await openCrashGuard(folder, aWorld());
  expect(first!.watching).toBe(false);
  first!.around("a long id that is shortened below", () => {});
  first!.around("bad\n", () => {
    // The files as they are while the value is being worked on.
    expect(existsSync(join(folder, "0", "life.json"))).toBe(true);
  });
  await writeFile(join(folder, "0", "working-on"), '"bad\\n"\n at is shortened below"\n');
  await died(join(folder, "0"));

  const world = aWorld();
  const second = await openCrashGuard(folder, world);
  expect(second!.watching).toBe(true);
  expect(world.warnings()).toEqual([{ id: "bad\n", deaths: 1 }]);
  expect(JSON.parse(await readFile(join(folder, "0", "life.json"), "utf8"))).toEqual({
    version: 1,
    deaths: [["bad\n", 1]],
  });
  await second!.close();
});

it("names the value before and takes it back after", async () => {
  const folder = await tempFolder();
  const guard = await openCrashGuard(folder, aWorld());
  const firstLine = async () => (await readFile(join(folder, "0", "working-on"), "utf8")).split("\n")[0];
  let during: Promise<string | undefined> | undefined;
  guard!.around("x", () => {
    during = firstLine();
  });
  // The read began before and ends after: either is whole.
  expect(['"x"', ""]).toContain(await during);
  expect(await firstLine()).toBe("");
  await guard!.close();
});

it("finds nothing after a clean end", async () => {
  const folder = await tempFolder();
  const first = await openCrashGuard(folder, aWorld());
  await first!.close();
  await first!.close();
  const second = await openCrashGuard(folder, aWorld());
  expect(second!.watching).toBe(false);
  await second!.close();
});

it("gives each process of a pipeline a slot of its own", async () => {
  const folder = await tempFolder();
  const one = await openCrashGuard(folder, aWorld());
  const two = await openCrashGuard(folder, aWorld());
  expect(two!.watching).toBe(false);
  expect(existsSync(join(folder, "1", "life.json"))).toBe(true);
  await one!.close();
  await two!.close();
});

it("takes damaged files for an unclean start, and for no suspicion", async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, "0"), { recursive: true });
  await writeFile(join(folder, "0", "life.json"), '{"deaths": [["a"');
  await writeFile(join(folder, "0", "working-on"), '"a');
  const world = aWorld();
  const guard = await openCrashGuard(folder, world);
  expect(guard!.watching).toBe(true);
  expect(world.warnings()).toEqual([{}]);
  await guard!.close();
});

it("forgets the suspects of another version, says so, and takes those of this one", async () => {
  for (const [text, kept] of [
    ['{"version":2,"deaths":{"a":2}}', []],
    ['{"version":1,"deaths":[["a",2]]}', [["a", 2]]],
  ] as const) {
    const folder = await tempFolder();
    await mkdir(join(folder, "0"), { recursive: true });
    await writeFile(join(folder, "0", "life.json"), text);
    const world = aWorld();
    const guard = await openCrashGuard(folder, world);
    expect(guard!.watching).toBe(true);
    const saved = JSON.parse(await readFile(join(folder, "0", "life.json"), "utf8"));
    expect(saved).toEqual({ version: 1, deaths: kept });
    const said = world.log.lines.filter(({ message }) => message.includes("another version"));
    expect(said).toHaveLength(kept.length === 0 ? 1 : 0);
    await guard!.close();
  }
});

it("takes no more room after many values, deaths and starts", async () => {
  const folder = await tempFolder();
  const size = async (name: string) => (await stat(join(folder, "0", name))).size;
  for (let life = 0; life < 300; life++) {
    const guard = await openCrashGuard(folder, aWorld());
    for (let i = 0; i < 20; i++) guard!.around(`value-${life}-${i}`, () => {});
    expect(await size("working-on")).toBeLessThan(30);
    await writeFile(join(folder, "0", "working-on"), `"deadly-${life}"\n`);
    await died(join(folder, "0"));
  }
  const { deaths } = JSON.parse(await readFile(join(folder, "0", "life.json"), "utf8"));
  expect(deaths).toHaveLength(100);
  expect((await readdir(folder)).sort()).toEqual(["0"]);
  expect((await readdir(join(folder, "0"))).sort()).toEqual(["life.json", "lock", "working-on"]);
});
