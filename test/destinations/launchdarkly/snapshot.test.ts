import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { readSnapshot, writeSnapshot } from "../../../src/destinations/launchdarkly/snapshot.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const HOUR_MS = 3_600_000;
const now = Date.UTC(2026, 10, 23, 12);

const snapshotOf = (flags: readonly string[], takenAtMs = now) => ({
  takenAtMs,
  environments: [{ projectKey: "p", environmentKey: "e", environment: "id", flags }],
});

describe("the snapshot of LaunchDarkly on disk", () => {
  it("leaves nothing aside when it cannot be put in its place", async () => {
    const folder = await tempFolder();
    const path = join(folder, "snapshot.json");
    await mkdir(join(path, "in-the-way"), { recursive: true });
    await expect(writeSnapshot(path, snapshotOf([]))).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(folder)).toEqual(["snapshot.json"]);
  });

  it("is one of those written, whole, when several processes with one state folder write at once", async () => {
    const folder = await tempFolder();
    const path = join(folder, "snapshot.json");
    const many = Array.from({ length: 20 }, (_, i) =>
      snapshotOf(Array.from({ length: 500 * (i + 1) }, (__, flag) => `flag-${i}-${flag}`)),
    );
    await Promise.all(many.map((snapshot) => writeSnapshot(path, snapshot)));
    const kept = await readSnapshot(path);
    expect(many.some((one) => JSON.stringify(one.environments) === JSON.stringify(kept?.environments))).toBe(
      true,
    );
    expect(await readdir(folder)).toEqual(["snapshot.json"]);
  });

  it("takes away what a dead process left, and not what another is writing or what is not its own", async () => {
    const folder = await tempFolder();
    const path = join(folder, "snapshot.json");
    const files = { "snapshot.json.dead.tmp": 2, "snapshot.json.busy.tmp": 0.5, "other.json.tmp": 48 };
    for (const [name, hours] of Object.entries(files)) {
      await writeFile(join(folder, name), "{");
      const at = new Date(now - hours * HOUR_MS);
      await utimes(join(folder, name), at, at);
    }
    await writeSnapshot(path, snapshotOf(["f"]));
    expect((await readdir(folder)).sort()).toEqual([
      "other.json.tmp",
      "snapshot.json",
      "snapshot.json.busy.tmp",
    ]);
  });
});
