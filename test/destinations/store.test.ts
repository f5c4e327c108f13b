import { fork } from "node:child_process";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it, onTestFinished } from "vitest";

import { Store } from "../../src/destinations/store.ts";
import { tempFolder } from "../support/temp-folder.ts";

const WRITER = fileURLToPath(new URL("./store-writer.mjs", import.meta.url));

async function aStore(folder?: string) {
  const path = folder ?? join(await tempFolder(), "store");
  const store = await Store.open(path);
  onTestFinished(() => store.close().catch(() => undefined));
  return { store, path };
}

function writer(path: string, mode: string) {
  const child = fork(WRITER, [path, mode], { silent: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return {
    child,
    said: () => said,
    ended: new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code))),
  };
}

describe("the store", () => {
  it("keeps what was written, readable by its owner only", async () => {
    const { store, path } = await aStore();
    await store.change((writer_) => writer_.put(["destination", "a"], { id: "a", name: "ä" }));
    await store.close();
    const { store: again } = await aStore(path);
    expect(again.get(["destination", "a"])).toEqual({ id: "a", name: "ä" });
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const file of ["data.mdb", "lock.mdb"]) expect((await stat(join(path, file))).mode & 0o077).toBe(0);
  });

  it("lists what is under a prefix and nothing beside it", async () => {
    const { store } = await aStore();
    await store.change((writer_) => {
      for (const key of [["a"], ["a", "1"], ["a", "ÿ\uffff"], ["ab", "2"], ["b", "3"]])
        writer_.put(key, key.join("/"));
    });
    expect(store.under(["a"]).map(({ value }) => value)).toEqual(["a", "a/1", "a/ÿ\uffff"]);
  });

  it("changes nothing when a change throws, and raises the generation only for a change", async () => {
    const { store } = await aStore();
    await store.change((writer_) => writer_.put(["a"], 1));
    const before = store.generation;
    const attempt = store.change((writer_) => {
      writer_.put(["a"], 2);
      writer_.remove(["a"]);
      throw new Error("no");
    });
    await expect(attempt).rejects.toThrow("no");
    await store.change((writer_) => writer_.get(["a"]));
    expect(store.get(["a"])).toBe(1);
    expect(store.generation).toBe(before);
  });

  it("tells its watchers what another process did", async () => {
    const { store, path } = await aStore();
    const heard = new Promise<void>((resolve) => store.watch(resolve));
    const { ended } = writer(path, "once");
    await heard;
    expect(store.get(["from", "child"])).toBe(1);
    expect(await ended).toBe(0);
  });

  it("takes changes of several processes at once without losing one", async () => {
    const { store, path } = await aStore();
    const children = [writer(path, "count"), writer(path, "count")];
    for (let i = 0; i < 50; i++)
      await store.change((writer_) => writer_.put(["count"], (writer_.get<number>(["count"]) ?? 0) + 1));
    for (const { ended } of children) expect(await ended).toBe(0);
    store.generation;
    expect(store.get(["count"])).toBe(150);
  });

  it("is whole after a process was killed in the middle of writing", async () => {
    const { store, path } = await aStore();
    for (let round = 0; round < 5; round++) {
      const one = writer(path, "pairs");
      await expect.poll(() => one.said().length, { timeout: 10_000 }).toBeGreaterThan(20);
      one.child.kill("SIGKILL");
      await one.ended;
      store.generation;
      // Both halves of a change are there, and all that was reported as written.
      const reported = Number(one.said().trim().split("\n").at(-1));
      expect(store.get(["left"])).toBe(store.get(["right"]));
      expect(store.get<number>(["left"])).toBeGreaterThanOrEqual(Number.isNaN(reported) ? 0 : reported - 1);
    }
    await store.change((writer_) => writer_.put(["a"], 1));
  });

  it("takes no more room for the thousandth change than for the hundredth", async () => {
    const { store, path } = await aStore();
    const size = async () => (await stat(join(path, "data.mdb"))).size;
    const edit = (n: number) =>
      store.change((writer_) => writer_.put(["destination", `d${n % 10}`], { n, text: "x".repeat(2_000) }));
    for (let n = 0; n < 100; n++) await edit(n);
    const before = await size();
    for (let n = 100; n < 1_000; n++) await edit(n);
    expect(await size()).toBeLessThanOrEqual(before * 2);
  });

  it("says so when its folder cannot be used or has another format", async () => {
    const file = join(await tempFolder(), "file");
    await writeFile(file, "in the way");
    await expect(Store.open(join(file, "store"))).rejects.toMatchObject({ code: "store-unusable" });
    const { store, path } = await aStore();
    await store.change((writer_) => writer_.put(["x"], 1));
    const { open } = await import("lmdb");
    await store.close();
    const db = open({ path, encoding: "json", overlappingSync: false, maxDbs: 0 });
    db.putSync(["meta"], { format: 99, generation: 1 });
    await db.close();
    await expect(Store.open(path)).rejects.toMatchObject({
      code: "store-unusable",
      message: expect.stringContaining("99"),
    });
  });
});
