import { appendFile, readFile } from "node:fs/promises";

import { expect, it } from "vitest";

import { MarkQueue } from "../../../src/commands/dead-letters/mark-queue.ts";
import { type Mark, redrivenKeys, writeMarks } from "../../../src/commands/dead-letters/redriven.ts";
import { aLetter, aSegment } from "../../support/letters.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const at = new Date(0);

async function twoSegments() {
  const folder = await tempFolder();
  return Promise.all([aSegment(folder, [aLetter()], "a.ndjson"), aSegment(folder, [aLetter()], "b.ndjson")]);
}

function aMark(segment: Mark["segment"], key: string): Mark {
  return { segment, line: 1, key, delivered: 1, dropped: 0, deadLettered: 0 };
}

it("finds the marks of all segments again", async () => {
  const [a, b] = await twoSegments();
  await writeMarks([aMark(a, "1"), aMark(b, "2"), aMark(a, "3")], at);
  expect([...(await redrivenKeys([a, b]))].sort()).toEqual(["1", "2", "3"]);
  expect(await readFile(`${a.path}.redriven`, "utf8")).toBe(
    '{"line":1,"key":"1","delivered":1,"dropped":0,"deadLettered":0,"at":"1970-01-01T00:00:00.000Z"}\n' +
      '{"line":1,"key":"3","delivered":1,"dropped":0,"deadLettered":0,"at":"1970-01-01T00:00:00.000Z"}\n',
  );
});

it("takes a mark that a crash tore as none, and never joins the next one to it", async () => {
  const [a] = await twoSegments();
  await writeMarks([aMark(a, "1")], at);
  await appendFile(`${a.path}.redriven`, '{"line":1,"key":"to');
  const damaged: string[] = [];
  expect([...(await redrivenKeys([a], (place) => damaged.push(place)))]).toEqual(["1"]);
  expect(damaged).toEqual([]);
  await writeMarks([aMark(a, "2")], at);
  expect([...(await redrivenKeys([a], (place) => damaged.push(place)))]).toEqual(["1", "2"]);
  expect(damaged).toEqual(["a.ndjson.redriven:2"]);
});

it("writes the marks that came meanwhile together", async () => {
  const [a] = await twoSegments();
  const writes: number[] = [];
  const queue = new MarkQueue(async (marks) => void writes.push(marks.length));
  for (let i = 0; i < 10; i++) queue.add(aMark(a, String(i)));
  await queue.close();
  expect(writes).toEqual([1, 9]);
});

it("holds the source back while too much is not marked", async () => {
  const [a] = await twoSegments();
  let written = () => {};
  const queue = new MarkQueue(() => new Promise((resolve) => (written = resolve)));
  for (let i = 0; i < 1_001; i++) queue.add(aMark(a, String(i)));
  let hasRoom = false;
  const room = queue.room().then(() => {
    hasRoom = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  written();
  await new Promise((resolve) => setImmediate(resolve));
  written();
  await room;
});

it("fails the redrive when marks cannot be written: going on would send everything again next time", async () => {
  const [a] = await twoSegments();
  const queue = new MarkQueue(async () => {
    throw new Error("ENOSPC: no space left on device");
  });
  queue.add(aMark(a, "1"));
  await expect(queue.close()).rejects.toMatchObject({ code: "marks-not-written" });
  await expect(queue.room()).rejects.toThrow("no space left");
});
