import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { StateLock } from "../../../src/sources/file/state-lock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const wallMs = Date.UTC(2026, 0, 1);
const clock = () => new VirtualClock(wallMs);

async function heldBy(holder: object, touchedMs = wallMs): Promise<string> {
  const folder = await tempFolder();
  await writeFile(
    join(folder, "lock"),
    JSON.stringify({ startedAt: "", host: hostname(), token: "t", ...holder }),
  );
  await utimes(join(folder, "lock"), touchedMs / 1000, touchedMs / 1000);
  return folder;
}

async function aDeadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid!;
}

describe("lock of a state directory", () => {
  it("is refused while this process holds it, and free afterwards", async () => {
    const folder = await tempFolder();
    const lock = await StateLock.take(folder, clock());
    await expect(StateLock.take(folder, clock())).rejects.toMatchObject({
      name: "RunError",
      code: "state-locked",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await lock.release();
    await (await StateLock.take(folder, clock())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("is refused while another live process holds it", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(child, "spawn");
    try {
      const stat = await readFile(`/proc/${child.pid}/stat`, "utf8").catch(() => "");
      const startedAt = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
      const folder = await heldBy({ pid: child.pid, startedAt });
      await expect(StateLock.take(folder, clock())).rejects.toMatchObject({ code: "state-locked" });
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  it("is taken over from a dead process", async () => {
    const folder = await heldBy({ pid: await aDeadProcess() });
    await (await StateLock.take(folder, clock())).release();
  });

  it("is taken over when the process id now belongs to another process", async () => {
    const folder = await heldBy({ pid: process.pid, startedAt: "1" });
    await (await StateLock.take(folder, clock())).release();
  });

  it("is taken over when it is no lock at all", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "lock"), "");
    await (await StateLock.take(folder, clock())).release();
  });

  it("of another machine is respected while it is touched, and taken over a minute after", async () => {
    const elsewhere = { host: "elsewhere", pid: 1 };
    const fresh = await heldBy(elsewhere, wallMs - 59_000);
    await expect(StateLock.take(fresh, clock())).rejects.toMatchObject({ code: "state-locked" });
    const old = await heldBy(elsewhere, wallMs - 61_000);
    await (await StateLock.take(old, clock())).release();
  });

  it("goes to exactly one of many that come at once", async () => {
    const folder = await heldBy({ pid: await aDeadProcess() });
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => StateLock.take(folder, clock())));
    const taken = tries.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(taken).toHaveLength(1);
    await taken[0]!.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("leaves no timer behind, and lets a lock be that another run took over", async () => {
    const folder = await tempFolder();
    const time = clock();
    const lock = await StateLock.take(folder, time);
    await time.advance(25_000);
    await writeFile(join(folder, "lock"), "somebody else's");
    await lock.release();
    expect(time.pendingTimers).toBe(0);
    expect(await readFile(join(folder, "lock"), "utf8")).toBe("somebody else's");
  });
});
