// The fault matrix, rows 23 to 25: the machine the program runs on.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { allGood, type Mix } from "./support/oracle.ts";
import { defaults } from "./support/pipeline-yaml.ts";
import { preload } from "./support/preload.ts";
import { leftOut } from "./support/results.ts";
import { row } from "./support/row.ts";
import { runs } from "./support/system.ts";
import type { World } from "./support/world.ts";

const LOAD = 100;
const manyBad: Mix = { ...allGood, undecodable: 250 };

/** Every acked dead letter is on the disk, also while the disk is full: that is judged in the end, with the rest. */
async function whileFull(world: World, ms: number): Promise<void> {
  await world.program.says(/"msg":"dead letters cannot be written/);
  await sleep(ms);
  expect((await world.pubsub.state()).outstanding, "what cannot be written is held").toBeGreaterThan(0);
}

const NO_MOUNT = "a file system of one's own (tmpfs) cannot be mounted here";

/** A megabyte for the dead letters. */
async function smallDisk(world: World): Promise<void> {
  const folder = join(world.folder, "dead-letters");
  await mkdir(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", folder]);
  world.defer(() => execFileSync("umount", ["-l", folder]));
}

/** To the last byte; the function it returns makes room again. */
function fillDisk(world: World): () => Promise<void> {
  const ballast = join(world.folder, "dead-letters", "ballast");
  // It ends when there is no space left.
  runs("dd", "if=/dev/zero", `of=${ballast}`, "bs=1k");
  return () => rm(ballast);
}

describe("the machine under faults", () => {
  const limited = "the dead letters reach the largest size of a file for 5 s";
  if (!runs("prlimit", "--version")) leftOut("23", limited, "prlimit (util-linux) is not here");
  else
    row("23", limited, { load: LOAD, mix: manyBad }, async (world) => {
      const limit = (size: string) =>
        execFileSync("prlimit", [`--pid=${world.program.pid}`, `--fsize=${size}`]);
      await world.pubsub.fault({ streams: { releaseOnEnd: true } });
      limit("4096:unlimited");
      await whileFull(world, 5_000);
      // What it holds it holds for real: the next process gets it again, and has no limit.
      await world.program.kill();
      return {
        injected: "1 limit, 1 SIGKILL",
        allowed: { duplicates: defaults.maxMessages },
        note: "held, not acked, then written",
      };
    });

  const canMount = runs(
    "sh",
    "-c",
    "d=$(mktemp -d) && mount -t tmpfs none $d && umount $d; s=$?; rmdir $d; exit $s",
  );
  const full = "the disk of the dead letters is full for 5 s";
  if (!canMount) leftOut("23", full, NO_MOUNT);
  else
    row("23", full, { load: LOAD, mix: manyBad, prepare: smallDisk }, async (world) => {
      const free = fillDisk(world);
      await whileFull(world, 5_000);
      await free();
      return { injected: "1 full disk", note: "held, not acked, then written" };
    });

  const sharedFile = "the disk of the dead letters, one file of two processes, is full for 5 s";
  if (!canMount) leftOut("23", sharedFile, NO_MOUNT);
  else
    row(
      "23",
      sharedFile,
      {
        load: LOAD,
        mix: manyBad,
        pipeline: { deadLetters: "dead-letters/one.ndjson" },
        prepare: smallDisk,
      },
      async (world) => {
        const other = world.another();
        await other.start();
        await sleep(1_500);
        const free = fillDisk(world);
        await whileFull(world, 5_000);
        await other.says(/"msg":"dead letters cannot be written/);
        await free();
        await other.says(/"msg":"dead letters can be written again/);
        await world.probe();
        const { code } = await other.stop();
        expect(code).toBe(0);
        return { injected: "1 full disk", note: "no letter is cut by the other" };
      },
    );

  row(
    "23",
    "the last line of the dead letters is torn",
    {
      load: LOAD,
      mix: manyBad,
      pipeline: { deadLetters: "dead-letters/one.ndjson" },
      prepare: async (world) => {
        await mkdir(join(world.folder, "dead-letters"));
        await writeFile(join(world.folder, "dead-letters", "one.ndjson"), '{"id":"1","body":"torn he');
      },
    },
    async (world) => {
      await sleep(2_000);
      const { torn, lines } = await world.deadLetters();
      expect(torn).toBe(1);
      expect(lines.length).toBeGreaterThan(0);
      return { injected: "1 torn line", note: "kept, and closed" };
    },
  );

  const steps = ["3600000", "-3600000", "0", "-600000", "30000", "60000", "90000", "frozen", "0"];
  const stepThrough = async (world: World, set: (step: string) => Promise<void>) => {
    for (const step of steps) {
      await set(step);
      await sleep(700);
      if (step !== "3600000") continue;
      await world.probe();
      await world.until(
        "sentAt follows the wall clock",
        async () => (await world.segment.lastSentAtMs()) > Date.now() + 3_000_000,
      );
    }
  };

  row(
    "24",
    "the wall clock is set, an hour forward and back, in steps, and stands still",
    {
      load: LOAD,
      node: preload("clock"),
      env: { CHAOS_CLOCK_OFFSET: "clock-offset" },
      prepare: (world) => writeFile(join(world.folder, "clock-offset"), "0"),
    },
    async (world) => {
      const file = join(world.folder, "clock-offset");
      await stepThrough(world, (step) => writeFile(file, step));
      return { injected: `${steps.length} steps` };
    },
  );

  const library = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
    .map((machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`)
    .find((path) => existsSync(path));
  const setBySystem = "the system's clock is set, an hour forward and back, and in steps (libfaketime)";
  if (library === undefined)
    leftOut("24", setBySystem, "libfaketime (Debian package of that name) is not here");
  else
    row(
      "24",
      setBySystem,
      {
        load: LOAD,
        env: {
          LD_PRELOAD: library,
          FAKETIME_TIMESTAMP_FILE: "faketime",
          FAKETIME_NO_CACHE: "1",
          FAKETIME_DONT_FAKE_MONOTONIC: "1",
          DONT_FAKE_MONOTONIC: "1",
        },
        prepare: (world) => writeFile(join(world.folder, "faketime"), "+0"),
      },
      async (world) => {
        const file = join(world.folder, "faketime");
        await stepThrough(world, (step) =>
          step === "frozen"
            ? Promise.resolve()
            : writeFile(file, `${Number(step) >= 0 ? "+" : ""}${Number(step) / 1000}`),
        );
        return { injected: `${steps.length - 1} steps` };
      },
    );

  // The watchdog looks every second and speaks when it is 10 s late.
  const blockMs = 11_500;
  row(
    "25",
    `the event loop stands still for ${blockMs / 1000} s, longer than a lease`,
    { load: LOAD, node: preload("block"), env: { CHAOS_BLOCK_MS: String(blockMs) } },
    async (world) => {
      // It finds its connection dead when it wakes; what was on its way on that need not wait for its leases.
      await world.pubsub.fault({ streams: { releaseOnEnd: true } });
      world.program.signal("SIGUSR2");
      await world.program.says(/"msg":"the process stood still/);
      expect(world.program.starts).toBe(1);
      return { injected: "1 standstill" };
    },
  );
});
