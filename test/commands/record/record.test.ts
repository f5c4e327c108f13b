import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { expect, test } from "vitest";

import { borrow } from "../../../src/commands/record/borrow.ts";
import { withoutPersons } from "../../../src/commands/record/pseudonyms.ts";
import { record } from "../../../src/commands/record/record.ts";
import { readEntries } from "../../../src/commands/test/given-records.ts";
import { runTestFile } from "../../../src/commands/test/run-file.ts";
import { declaredFiles } from "../../../src/config/declared.ts";
import { type LoadedPipeline, loadPipeline } from "../../../src/config/load.ts";
import { realOutside } from "../../../src/config/outside.ts";
import type { Source, SourceRecord } from "../../../src/engine/contracts.ts";
import { registry } from "../../../src/registry.ts";
import { silentLog } from "../../support/context.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const PERSONS = [
  "Ann Smith",
  "ann@example.com",
  "192.0.2.7",
  "2001:db8:0:1::5",
  "s3cr3t-token",
  "42 Main Street",
  "ann-key",
  "4111111111111111",
];

const event = {
  project: "web",
  environment: "5d4b12345d2a2806bd2cc6eb",
  event: {
    ...{
      kind: "custom",
      id: "e1",
      key: "bought",
      creationDate: 1767225600000,
      contextKeys: { user: "ann-key" },
      metricValue: 7,
    },
    context: {
      kind: "user",
      key: "ann-key",
      name: "Ann Smith",
      email: "ann@example.com",
      ip: "192.0.2.7",
      plan: { street: "42 Main Street" },
    },
    url: "https://example.com/cart?token=s3cr3t-token",
    data: {
      note: "mail ann@example.com from 192.0.2.7 or 2001:db8:0:1::5",
      accessToken: "s3cr3t-token",
      card: "4111111111111111",
    },
  },
};
const rules = { key: Buffer.alloc(32, 1), paths: ["event.data.card"] };

test("nobody is left in an event, one person stays one, and what is nobody's stays", () => {
  const clean = withoutPersons(event, rules) as typeof event;
  const text = JSON.stringify(clean);
  expect(PERSONS.filter((one) => text.includes(one))).toEqual([]);
  expect(clean.event.contextKeys.user).toBe(clean.event.context.key);
  const { kind, key, id, creationDate, metricValue, url } = clean.event;
  expect({ kind, key, id, creationDate, metricValue, url }).toEqual({
    ...{ kind: "custom", key: "bought", id: "e1", creationDate: 1767225600000, metricValue: 7 },
    url: "https://example.com/cart",
  });
  expect(clean.event.context.kind).toBe("user");
  const other = withoutPersons(event, { ...rules, key: Buffer.alloc(32, 2) });
  expect(JSON.stringify(other)).not.toBe(text);
});

async function shipped(): Promise<LoadedPipeline> {
  const result = await loadPipeline(resolve("pipelines/launchdarkly-to-segment.yaml"), {
    ...{ registry, declared: declaredFiles, outside: realOutside({ SEGMENT_WRITE_KEY: "a-write-key" }) },
    replaceSource: { option: "--from", value: { type: "memory", values: [] } },
  });
  if ("problems" in result) throw new Error("the shipped pipeline is not right");
  return result.pipeline;
}

test("a recorded test passes at once, and again, and is not written over", async () => {
  const folder = await tempFolder();
  await writeFile(
    join(folder, "a.ndjson"),
    `${JSON.stringify(event)}\n{\n${JSON.stringify(event).replace("e1", "$" + "{HOME}")}\n`,
  );
  const given = (await readEntries("a.ndjson", folder, 3)).map((one) => ({
    ...one,
    attempt: 1,
    times: 1,
    atMs: undefined,
  }));
  const out = join(folder, "a.test.yaml");
  const how = { out, paths: rules.paths, env: {}, log: silentLog };
  expect(await record(await shipped(), given, how)).toEqual({ events: 2, broken: 1 });
  const text = await readFile(out, "utf8");
  expect(PERSONS.filter((one) => text.includes(one))).toEqual([]);
  const result = await runTestFile(out);
  expect(
    "cases" in result && result.cases.map(({ differences, isEmpty }) => ({ differences, isEmpty })),
  ).toEqual([{ differences: [], isEmpty: false }]);
  await expect(record(await shipped(), given, how)).rejects.toMatchObject({ code: "file-not-saved" });
});

test("what is borrowed from a source is given back, all of it, once each", async () => {
  const settled: string[] = [];
  const message = (id: string): SourceRecord => ({
    ...{ id, body: Buffer.from("{}"), attributes: {}, publishedAtMs: 0, attempt: 1, writerSchema: undefined },
    settle: (how) => void settled.push(`${id} ${how}`),
  });
  const source: Source = {
    redelivers: true,
    async run(intake) {
      for (const id of ["a", "a", "b", "c"]) void intake.offer(message(id));
    },
    close: async () => void settled.push("closed"),
  };
  const pipeline = await shipped();
  const definition = { ...pipeline.source.definition, create: () => source };
  const given = await borrow(
    { ...pipeline, source: { definition, config: {} } },
    { count: 2, waitMs: 1_000 },
    silentLog,
  );
  expect(given).toHaveLength(2);
  expect(settled).toEqual(["a nack", "c nack", "a nack", "b nack", "closed"]);
});
