// State that a version of Sluice wrote, kept as it was (`fixtures/state/<version>`): this one goes on with it. A change of
// a format adds a folder here and takes none away, until CHANGELOG says under Changed what is not read any more.

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { cp, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { openCrashGuard } from "../src/commands/crash-state.ts";
import { openStore } from "../src/commands/settings-store.ts";
import { readSnapshot } from "../src/destinations/launchdarkly/snapshot.ts";
import { systemClock } from "../src/engine/clock.ts";
import { readAll } from "./sources/file/reading.ts";
import { recordingLog } from "./support/context.ts";
import { textsOf } from "./support/intakes.ts";
import { tempFolder } from "./support/temp-folder.ts";

const KEPT = join(import.meta.dirname, "fixtures", "state");
/** When the input of the kept checkpoint was last written, in s. */
const INPUT_TIME = 1_795_000_000;

for (const version of readdirSync(KEPT))
  describe(`the state of ${version}`, () => {
    /** A copy of one part of it. */
    async function kept(part: string): Promise<string> {
      const folder = join(await tempFolder(), part);
      await cp(join(KEPT, version, part), folder, { recursive: true });
      return folder;
    }

    it("lets a backfill go on: what was read is not read again, what is new is", async () => {
      const state = await kept("backfill");
      const folder = join(state, "..");
      await mkdir(join(folder, "archive"));
      const input = join(folder, "archive", "a.ndjson");
      await writeFile(input, '"a1"\n"a2"\n');
      await utimes(input, INPUT_TIME, INPUT_TIME);
      await writeFile(join(folder, "archive", "b.ndjson"), '"b1"\n');
      const { records } = await readAll(folder, { paths: "archive/*", state: "backfill" });
      expect(textsOf(records)).toEqual(['"b1"']);
    });

    it("keeps destinations, with write keys that can be opened, and enablement; and takes changes", async () => {
      const store = await kept("store");
      const key = createHash("sha256").update("master key of the fixture").digest("base64");
      const opened = await openStore({ store }, { SLUICE_SECRET_KEY: key });
      onTestFinished(() => opened.store.close());
      const [destination] = opened.destinations.list();
      expect(destination).toMatchObject({ name: "Production", environment: "env-1", on: true });
      expect(opened.destinations.live(destination!.id)!.config.writeKey()).toBe("a-write-key-of-0-1-0-9876");
      const environment = { environment: "env-1", project: "*" };
      expect(opened.enablement.get(environment)).toMatchObject({ events: true });
      expect(opened.enablement.flags(environment)).toEqual(["f"]);
      await opened.destinations.update(destination!.id, (document) => ({ ...document, name: "Renamed" }));
      expect(opened.destinations.list()).toMatchObject([{ name: "Renamed" }]);
    });

    it("remembers which messages killed the process", async () => {
      const folder = await kept("run");
      const guard = await openCrashGuard(folder, { clock: systemClock, log: recordingLog() });
      expect(guard!.watching).toBe(true);
      const { deaths } = JSON.parse(await readFile(join(folder, "0", "life.json"), "utf8"));
      expect(deaths).toEqual([
        ["m-1", 2],
        ["m-2", 1],
      ]);
      await guard!.close();
    });

    it("has the last snapshot of LaunchDarkly, for a start without it", async () => {
      const snapshot = await readSnapshot(join(await kept("launchdarkly"), "snapshot.json"));
      expect(snapshot).toMatchObject({
        takenAtMs: INPUT_TIME * 1_000,
        environments: [{ projectKey: "p", environmentKey: "e", environment: "env-1", flags: ["f"] }],
      });
    });
  });
