// Dead letters of the real program, looked at and redriven by the real program.

import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { expect, it } from "vitest";

import { exported } from "../support/fixtures.ts";
import { aLetter } from "../support/letters.ts";
import { pipelineYaml, start, type Town, town } from "../support/program.ts";

const feature = exported("feature") as { environment: string; event: object };

const eventsOf = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ ...feature, event: { ...feature.event, id: `id-${i}` } }));
const ndjson = (events: readonly unknown[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

async function sluice(world: Town, ...args: string[]) {
  const program = start(args, { cwd: world.folder, env: world.env });
  const code = await program.exit;
  const { stdout, stderr } = program.output;
  const rows = () =>
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, stdout, stderr, rows };
}

const yaml = () =>
  pipelineYaml({ decode: "{ type: json-decode }" }).replace("path: dead-letters.ndjson", "path: letters/");

/** Two destinations of one environment, with keys of their own. */
const twoDestinations = (rate = 900) =>
  `destinations:\n${["a", "b"]
    .map(
      (id) =>
        `  - { id: ${id}, environment: ${feature.environment}, config: { writeKey: key-of-${id}, endpoint: "\${SEGMENT_ENDPOINT}", eventsPerSecond: ${rate} } }\n`,
    )
    .join("")}`.replaceAll(/key-of-(.)/g, `"\${KEY_OF_$1}"`);

async function aWorld(rate?: number): Promise<Town> {
  const world = await town([feature.environment], { ledgerMaxIds: 10_000, keepEvents: 10_000 });
  world.env["KEY_OF_a"] = "key-of-a";
  world.env["KEY_OF_b"] = "key-of-b";
  await world.write("destinations.yaml", twoDestinations(rate));
  await world.write("p.yaml", yaml());
  return world;
}

/** A world in which b refused 30 events and a has them; b goes on refusing. */
async function missedByB(): Promise<Town> {
  const world = await aWorld();
  await world.write("in.ndjson", ndjson(eventsOf(30)));
  world.segment.inject({ action: { kind: "status", status: 400 }, match: { writeKey: "key-of-b" } });
  expect(await sluice(world, "backfill", "p.yaml", "--from", "in.ndjson")).toMatchObject({ code: 0 });
  expect(world.segment.stats().accepted).toBe(30);
  return world;
}

it("shows the letters, all together, one by one and counted, and what a redrive would do", async () => {
  const world = await missedByB();
  const list = await sluice(
    world,
    "dead-letters",
    "list",
    "p.yaml",
    "--destination",
    "b",
    "--code",
    "http-400",
  );
  expect(list.rows()).toHaveLength(30);
  expect(list.rows()[0]).toMatchObject({ state: "open", stage: "segment", bodyBytes: expect.any(Number) });
  const stats = await sluice(world, "dead-letters", "stats", "p.yaml");
  expect(stats.rows()).toMatchObject([{ code: "http-400", destination: "b", letters: 30, open: 30 }]);
  const shown = await sluice(world, "dead-letters", "show", "in.ndjson:0#7", "--from", "letters");
  const body = Buffer.from(String(shown.rows()[0]!["body"]), "base64").toString();
  expect(body).toBe(JSON.stringify(eventsOf(8)[7]));
  const dry = await sluice(world, "dead-letters", "redrive", "p.yaml", "--dry-run");
  expect(dry).toMatchObject({ code: 0, stderr: expect.stringMatching(/redriven\s+│\s+│\s+30/) });
  expect(world.segment.stats().accepted).toBe(30);
  expect((await sluice(world, "dead-letters", "list", "p.yaml")).rows()).toHaveLength(30);
});

it("sends only to the destination that missed the events, once; what fails again waits in a new letter", async () => {
  const world = await missedByB();
  const refused = await sluice(world, "dead-letters", "redrive", "p.yaml");
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("30 letters wait still") });
  const again = (await sluice(world, "dead-letters", "list", "p.yaml")).rows();
  expect(again).toHaveLength(30);
  expect(again[0]).toMatchObject({ redrives: 1, attempt: 2, destination: "b", code: "http-400" });

  world.segment.clearFaults();
  const before = world.segment.requests().length;
  const part = await sluice(world, "dead-letters", "redrive", "p.yaml", "--id", "in.ndjson:0#7");
  expect(part.code).toBe(0);
  const rest = await sluice(world, "dead-letters", "redrive", "p.yaml");
  expect(rest).toMatchObject({ code: 0, stderr: expect.stringMatching(/delivered\s+│ b\s+│\s+29/) });
  const sent = world.segment.requests().slice(0, -before);
  expect(sent.every(({ body }) => body!.includes("key-of-b"))).toBe(true);
  expect(world.segment.stats().accepted).toBe(60);
  expect([...world.segment.ids().values()].every(({ deliveries }) => deliveries === 1)).toBe(true);

  const requests = world.segment.requests().length;
  expect(await sluice(world, "dead-letters", "redrive", "p.yaml")).toMatchObject({ code: 0 });
  expect(world.segment.requests().length).toBe(requests);
});

it("reports a torn and a damaged line, and redrives what is whole", async () => {
  const world = await aWorld();
  const letters = eventsOf(3).map((event, i) =>
    aLetter({
      id: String(i),
      pipeline: "under-test",
      text: JSON.stringify(event),
      destination: "a",
      code: "x",
    }),
  );
  await mkdir(join(world.folder, "letters"));
  await world.write(
    "letters/under-test-1.ndjson",
    `${ndjson(letters.slice(0, 1))}{"id": oh\n${ndjson(letters.slice(1))}`,
  );
  await appendFile(
    join(world.folder, "letters/under-test-1.ndjson"),
    JSON.stringify(letters[0]).slice(0, 60),
  );
  const redrive = await sluice(world, "dead-letters", "redrive", "p.yaml");
  expect(redrive.code).toBe(0);
  expect(redrive.stderr).toContain("letters/under-test-1.ndjson:2: not JSON");
  expect(redrive.stderr).toContain("letters/under-test-1.ndjson:5: the last line is not whole");
  expect(redrive.stderr).toMatch(/damaged lines\s+│[^│]+│\s+2/);
  expect(world.segment.stats().accepted).toBe(3);
});

it("keeps the letters of a destination that is gone, and says so", async () => {
  const world = await aWorld();
  await mkdir(join(world.folder, "letters"));
  const [event] = eventsOf(1);
  const letter = aLetter({ pipeline: "under-test", text: JSON.stringify(event), destination: "c" });
  await world.write("letters/x.ndjson", ndjson([letter]));
  const redrive = await sluice(world, "dead-letters", "redrive", "p.yaml");
  expect(redrive).toMatchObject({ code: 3, stderr: expect.stringContaining("destination-gone") });
  expect((await sluice(world, "dead-letters", "list", "p.yaml")).rows()).toMatchObject([{ state: "open" }]);
});

it("killed again and again, goes on: every event arrives, few twice, all with the same bytes", async () => {
  const world = await aWorld(300);
  await mkdir(join(world.folder, "letters"));
  const events = eventsOf(1_200);
  const letters = events.map((event, i) =>
    aLetter({
      id: String(i),
      pipeline: "under-test",
      text: JSON.stringify(event),
      destination: "a",
      code: "x",
    }),
  );
  for (const part of [0, 1, 2])
    await writeFile(
      join(world.folder, `letters/under-test-${part}.ndjson`),
      ndjson(letters.slice(part * 400, part * 400 + 400)),
    );
  const kills = [150, 400, 800];
  for (const kill of kills) {
    const program = start(["dead-letters", "redrive", "p.yaml"], { cwd: world.folder, env: world.env });
    await world.segment.waitForEvents(kill, 30_000);
    program.child.kill("SIGKILL");
    await program.exit;
  }
  const last = await sluice(world, "dead-letters", "redrive", "p.yaml");
  expect(last, last.stderr).toMatchObject({ code: 0 });
  const ids = [...world.segment.ids().values()];
  expect(ids).toHaveLength(1_200);
  expect(ids.every(({ differing }) => differing === 0)).toBe(true);
  const twice = ids.filter(({ deliveries }) => deliveries > 1).length;
  // What one kill can repeat is what was answered and not marked yet: never near what was in flight.
  expect(twice).toBeLessThan(kills.length * 400);

  const { requests } = { requests: world.segment.requests().length };
  expect(await sluice(world, "dead-letters", "redrive", "p.yaml")).toMatchObject({ code: 0 });
  expect(world.segment.requests().length).toBe(requests);
  const files = await readdir(join(world.folder, "letters"));
  const marks = files.filter((name) => name.endsWith(".redriven"));
  expect(marks).toHaveLength(3);
  for (const name of files.filter((one) => one.endsWith(".ndjson")))
    expect(await readFile(join(world.folder, "letters", name), "utf8")).toBe(
      ndjson(letters.slice(Number(name.at(-8)) * 400, Number(name.at(-8)) * 400 + 400)),
    );
});

it("refuses a second redrive while one is under way, and takes over from one that died", async () => {
  const world = await aWorld();
  await mkdir(join(world.folder, "letters"));
  const letters = eventsOf(5).map((event, i) =>
    aLetter({ id: String(i), pipeline: "under-test", text: JSON.stringify(event), destination: "a" }),
  );
  await world.write("letters/x.ndjson", ndjson(letters));
  world.segment.inject({ action: { kind: "never" } });
  const first = start(["dead-letters", "redrive", "p.yaml"], { cwd: world.folder, env: world.env });
  while (!existsSync(join(world.folder, "letters/.redrive/lock"))) await pause(20);
  const second = await sluice(world, "dead-letters", "redrive", "p.yaml");
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining("state-locked") });
  first.child.kill("SIGKILL");
  await first.exit;
  world.segment.clearFaults();
  expect(await sluice(world, "dead-letters", "redrive", "p.yaml")).toMatchObject({ code: 0 });
  expect(world.segment.stats().accepted).toBe(5);
});

it("says what is missing on the command line", async () => {
  const world = await aWorld();
  expect(await sluice(world, "dead-letters")).toMatchObject({ code: 2 });
  expect(await sluice(world, "dead-letters", "list")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("a pipeline file, or --from"),
  });
  expect(await sluice(world, "dead-letters", "list", "p.yaml", "--since", "soon")).toMatchObject({ code: 2 });
  expect(await sluice(world, "dead-letters", "show", "nobody", "p.yaml")).toMatchObject({ code: 1 });
});
