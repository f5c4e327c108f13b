import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { letterFilter } from "../../../src/commands/dead-letters/filter.ts";
import { letterKey } from "../../../src/commands/dead-letters/letter.ts";
import {
  type FoundLetter,
  readLetters,
  type ReadOptions,
} from "../../../src/commands/dead-letters/read-letters.ts";
import { readLines } from "../../../src/commands/dead-letters/read-lines.ts";
import { aLetter, aSegment } from "../../support/letters.ts";
import { tempFolder } from "../../support/temp-folder.ts";

async function read(with_: Partial<ReadOptions> & Pick<ReadOptions, "segments">) {
  const damage: string[] = [];
  const found: FoundLetter[] = [];
  const options: ReadOptions = {
    filter: () => true,
    redriven: new Set(),
    damaged: (place, why) => damage.push(`${place} ${why}`),
    ...with_,
  };
  for await (const one of readLetters(options)) found.push(one);
  return { damage, found, rows: found.map(({ line, letter, state }) => [line, letter.id, state]) };
}

describe("reading letters", () => {
  it("tolerates a torn last line and says where it is", async () => {
    const whole = JSON.stringify(aLetter({ id: "2" }));
    const segment = await aSegment(await tempFolder(), [aLetter(), whole.slice(0, 50)], "a.ndjson");
    const { damage, rows } = await read({ segments: [segment] });
    expect(rows).toEqual([[1, "1", "open"]]);
    expect(damage).toEqual(["a.ndjson:2 the last line is not whole: being written now, or torn by a crash"]);
  });

  it("takes a last line that is whole but for its newline", async () => {
    const segment = await aSegment(await tempFolder(), [JSON.stringify(aLetter())]);
    expect((await read({ segments: [segment] })).rows).toEqual([[1, "1", "open"]]);
  });

  it("skips a damaged line in the middle, says file and line, and goes on", async () => {
    const folder = await tempFolder();
    const a = await aSegment(folder, [aLetter(), '{"id": \n', "\n", aLetter({ id: "2" })], "a.ndjson");
    const b = await aSegment(folder, ["\0\0\0\n", aLetter({ id: "3" })], "b.ndjson");
    const { damage, found } = await read({ segments: [a, b] });
    expect(found.map(({ segment, line }) => `${segment.name}:${line}`)).toEqual([
      "a.ndjson:1",
      "a.ndjson:4",
      "b.ndjson:2",
    ]);
    expect(damage.map((one) => one.split(" ")[0])).toEqual(["a.ndjson:2", "b.ndjson:1"]);
  });

  it("does not see what is added after the segment was found", async () => {
    const segment = await aSegment(await tempFolder(), [aLetter()]);
    await appendFile(segment.path, `${JSON.stringify(aLetter({ id: "2" }))}\n`);
    expect((await read({ segments: [segment] })).rows).toEqual([[1, "1", "open"]]);
  });

  it("knows a letter that it read before, and one that was redriven", async () => {
    const done = aLetter({ id: "done" });
    const lines = [aLetter(), done, aLetter({ attempt: 2, code: "other" }), aLetter({ destination: "a" })];
    const segment = await aSegment(await tempFolder(), lines);
    const { rows } = await read({ segments: [segment], redriven: new Set([letterKey(done)]) });
    expect(rows).toEqual([
      [1, "1", "open"],
      [2, "done", "redriven"],
      [3, "1", "repeated"],
      [4, "1", "open"],
    ]);
  });

  it("leaves out what does not fit every filter, and fits any value of one", async () => {
    const letters = [
      aLetter({ id: "1", code: "a" }),
      aLetter({ id: "2", code: "b", failedAt: "2026-02-01T00:00:00.000Z" }),
      aLetter({ id: "3", code: "c" }),
      aLetter({ id: "4", code: "b", destination: "d" }),
    ];
    const segment = await aSegment(await tempFolder(), letters);
    const ids = async (filter: Parameters<typeof letterFilter>[0]) =>
      (await read({ segments: [segment], filter: letterFilter(filter) })).rows.map(([, id]) => id);
    expect(await ids({ code: ["a", "b"] })).toEqual(["1", "2", "4"]);
    expect(await ids({ code: ["b"], destination: ["d"] })).toEqual(["4"]);
    expect(await ids({ since: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z" })).toEqual([
      "1",
      "3",
      "4",
    ]);
    expect(await ids({ id: ["3"], stage: ["json-decode"], pipelineName: ["test"] })).toEqual(["3"]);
    expect(await ids({ pipelineName: ["other"] })).toEqual([]);
  });

  it("refuses a time that is none", () => {
    expect(() => letterFilter({ since: "yesterday" })).toThrow("--since is not a time");
    expect(() => letterFilter({ since: "2026-02-01", until: "2026-01-01" })).toThrow("--until");
  });
});

describe("reading lines", () => {
  it("finds the lines that splitting finds, wherever they are cut, and leaves out long ones", async () => {
    const folder = await tempFolder();
    let n = 0;
    const piece = fc.oneof(
      fc.string({ maxLength: 30 }).map((text) => text.replaceAll("\n", "")),
      fc.constant("x".repeat(300_000)),
      fc.constant("y".repeat(262_143)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.boolean(), async (lines, ended) => {
        const path = join(folder, `${n++}`);
        const text = lines.join("\n") + (ended ? "\n" : "");
        await writeFile(path, text);
        const bytes = Buffer.from(text);
        const found: [number, string | undefined, boolean][] = [];
        for await (const line of readLines(path, { length: bytes.length, maxBytes: 280_000 }))
          found.push([line.number, line.bytes?.toString(), line.isTorn]);
        const expected = text
          .split("\n")
          .map((line, i, all): [number, string | undefined, boolean] => [
            i + 1,
            Buffer.byteLength(line) > 280_000 ? undefined : line,
            i === all.length - 1,
          ])
          .filter(([, line]) => line !== "");
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});
