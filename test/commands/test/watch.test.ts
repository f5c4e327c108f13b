import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { watch } from "../../../src/commands/test/watch.ts";
import { systemClock } from "../../../src/engine/clock.ts";

test("runs at once, again after a change, and ends when it is stopped", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-watch-"));
  const stop = new AbortController();
  let runs = 0;
  try {
    await watch({
      clock: systemClock,
      signal: stop.signal,
      async run() {
        runs += 1;
        if (runs === 3) stop.abort();
        // The watcher is there once this turn of the loop is over.
        else setTimeout(() => void writeFile(join(folder, "a.test.yaml"), String(runs)), 20);
        return [folder];
      },
    });
    expect(runs).toBe(3);
    await expect(
      watch({
        clock: systemClock,
        signal: new AbortController().signal,
        run: async () => [join(folder, "absent")],
      }),
    ).rejects.toThrow("ENOENT");
  } finally {
    await rm(folder, { recursive: true });
  }
});
