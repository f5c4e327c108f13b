import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { findProcess, survey } from "../../../src/commands/local/find-process.ts";

/** Short: the path of a socket has few bytes. */
async function aFolder() {
  const folder = await mkdtemp(join(tmpdir(), "sl-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, env: { SLUICE_RUNTIME_DIR: folder } };
}

/** Takes connections and hangs up. */
async function aSilentOne(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return server;
}

describe("finding the running process", () => {
  it("says which one is there but does not answer", async () => {
    const { folder, env } = await aFolder();
    await aSilentOne(join(folder, `${process.pid}.sock`));
    expect(await survey(env)).toEqual({ running: [], silent: [process.pid] });
    await expect(findProcess({ pipeline: "p" }, env)).rejects.toThrow(
      `There is no running process of p. Process ${process.pid} is there, but does not answer: it is very busy, or stopped.`,
    );
  });

  it("removes what a process left behind, and a socket of its number that nobody listens on", async () => {
    const { folder, env } = await aFolder();
    const server = await aSilentOne(join(folder, "s"));
    const second = await aSilentOne(join(folder, "t"));
    await rename(join(folder, "s"), join(folder, `${process.pid}.sock`));
    await rename(join(folder, "t"), join(folder, "999999999.sock"));
    for (const one of [server, second]) await new Promise((resolve) => one.close(resolve));
    expect(await survey(env)).toEqual({ running: [], silent: [] });
    expect(await readdir(folder)).toEqual([]);
    await expect(findProcess({}, env)).rejects.toThrow("None of yours runs on this machine.");
  });

  it("finds nothing where no process ever ran", async () => {
    const { folder } = await aFolder();
    expect(await survey({ SLUICE_RUNTIME_DIR: join(folder, "none") })).toEqual({ running: [], silent: [] });
  });
});
