// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { changesOf } from "../../../src/commands/plan/changes.ts";
import { gitOutside } from "../../../src/commands/plan/git-outside.ts";
import { registry } from "../../../src/registry.ts";
import { loaded } from "../../support/definitions.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const base = `name: demo
source: {type: pubsub, subscription: projects/p/subscriptions/s}
transforms:
  - {type: json-decode}
  - {type: filter-enabled}
  - {type: filter, keep: event.kind == 'feature'}
  - {type: segment-event}
  - {type: redact, on: segment-event, remove: [event.context]}
sink: {type: segment}
deadLetters: {type: file, path: letters/}
`;
const destinations = `destinations:
  - {id: main, environment: e, config: {writeKey: "\${SEGMENT_WRITE_KEY}"}}
`;
const enablement = "environments: [{environment: e, flags: [a, b], events: true}]\n";

interface Version {
  readonly text?: string;
  readonly destinations?: string;
  readonly enablement?: string;
}

const pipeline = (one: Version) =>
  loaded({
    registry,
    text: one.text ?? base,
    files: {
      "/p/destinations.yaml": one.destinations ?? destinations,
      "/p/enablement.yaml": one.enablement ?? enablement,
    },
  });

const told = async (changed: Version, from: Version = {}) =>
  changesOf(await pipeline(from), await pipeline(changed)).map(
    ({ severity, where, what }) => `${severity} ${where}: ${what}`,
  );

const withText = (from: string, to: string) => ({ text: base.replace(from, to) });
const withDestination = (from: string, to: string) => ({ destinations: destinations.replace(from, to) });
const checkpoint = "reprocessing checkpoints: belong to another definition";

test("comments, the order of keys and another way of writing change nothing", async () => {
  expect(await told({})).toEqual([]);
  expect(
    await told(
      withText(
        "{type: filter, keep: event.kind == 'feature'}",
        `{keep: "event.kind == 'feature'", type: filter} # why`,
      ),
    ),
  ).toEqual([]);
});

test("of several sinks, one that is gone, one that is new, one that takes other events", async () => {
  const sinks = (list: string) => withText("sink: {type: segment}", `sinks: [${list}]`);
  const before = sinks(
    "{name: a, type: segment, when: event.type == 'track'}, {name: b, type: file, path: b/}",
  );
  const after = sinks("{name: a, type: segment}, {name: c, type: file, path: c/}");
  expect(await told(after, before)).toEqual([
    "loss sink b: is gone",
    `loss sink a: when: "event.type == 'track'" becomes "always"`,
    checkpoint,
    "delivery sink c: is new",
  ]);
});

test.each([
  [
    "a filter",
    withText("== 'feature'", "!= 'click'"),
    [`loss transform filter: keep: "event.kind == 'feature'" becomes "event.kind != 'click'"`, checkpoint],
  ],
  [
    "a redaction that is gone",
    withText("  - {type: redact, on: segment-event, remove: [event.context]}\n", ""),
    ["privacy transform redact: is gone", checkpoint],
  ],
  [
    "a mapping of the export event",
    withText(
      "  - {type: segment-event}",
      "  - {type: map-fields, on: export-event, steps: [{remove: event.data}]}\n  - {type: segment-event}",
    ),
    ["duplicates transform map-fields: is new", checkpoint, "content transform map-fields: is new"],
  ],
  [
    "the order of stages",
    withText(
      "  - {type: filter-enabled}\n  - {type: filter, keep: event.kind == 'feature'}",
      "  - {type: filter, keep: event.kind == 'feature'}\n  - {type: filter-enabled}",
    ),
    ["loss transform filter-enabled: stands in another place", checkpoint],
  ],
  [
    "the subscription",
    withText("subscriptions/s", "subscriptions/t"),
    [
      `reprocessing source pubsub: subscription: "projects/p/subscriptions/s" becomes "projects/p/subscriptions/t"`,
    ],
  ],
  [
    "the name",
    withText("name: demo", "name: other"),
    ["reprocessing the pipeline: name: demo becomes other"],
  ],
  [
    "the dead letters",
    withText("letters/", "others/"),
    ['delivery dead letters: path: "letters/" becomes "others/"'],
  ],
  [
    "the size of an event",
    withText("{type: segment}", "{type: segment, maxEventBytes: 1000, concurrency: 5}"),
    [
      "loss sink segment: maxEventBytes: 32768 becomes 1000",
      checkpoint,
      "delivery sink segment: concurrency: 4 becomes 5",
    ],
  ],
  [
    "a destination's id",
    withDestination("id: main", "id: other"),
    ["loss destination main: is gone", "duplicates destination other: takes the place of main"],
  ],
  [
    "a destination's region and rate",
    withDestination("config: {", "config: {region: eu, eventsPerSecond: 5, "),
    [
      'loss destination main: endpoint: "https://api.segment.io" becomes "https://events.eu1.segmentapis.com"',
      "delivery destination main: rates.events: 900 becomes 5",
    ],
  ],
  [
    "a destination that is switched off",
    withDestination("id: main,", "id: main, on: false,"),
    ["loss destination main: is switched off"],
  ],
  [
    "the context kind of users",
    withDestination("config: {", "config: {userIdContextKind: account, "),
    ['content destination main: userIdContextKind: "user" becomes "account"'],
  ],
  [
    "flags",
    { enablement: "environments: [{environment: e, flags: [b, c], events: false}]\n" },
    [
      "loss enablement of e: no longer: flag a, clicks, page views and custom events",
      "delivery enablement of e: new: flag c",
    ],
  ],
] as const)("%s is told, the worst first", async (_, changed, expected) => {
  expect(await told(changed)).toEqual(expected);
});

describe("a revision of git", () => {
  test("is read with the files it had, and files outside as they are", async () => {
    const folder = await tempFolder();
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], { cwd: folder });
    git("init", "-q");
    await mkdir(join(folder, "p"));
    await writeFile(join(folder, "p/a.yaml"), "old");
    git("add", ".");
    git("commit", "-qm", "one");
    await writeFile(join(folder, "p/a.yaml"), "new");
    const outside = await gitOutside(join(folder, "p/a.yaml"), "HEAD", {});
    expect(Buffer.from(await outside.readFile(join(folder, "p/a.yaml"), 100)).toString()).toBe("old");
    await expect(outside.readFile(join(folder, "p/b.yaml"), 100)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(outside.readFile(join(folder, "p/a.yaml"), 2)).rejects.toThrow("at most 2");
    await expect(gitOutside(join(folder, "p/a.yaml"), "--help", {})).rejects.toThrow(
      "git rev-parse failed here",
    );
  });
});
