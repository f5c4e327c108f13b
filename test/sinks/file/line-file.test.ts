import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { LineFile } from "../../../src/sinks/file/line-file.ts";
import { diskFullAfter } from "../../support/failing-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

describe("line file", () => {
  it("refuses to create over an existing file", async () => {
    const path = join(await tempFolder(), "a");
    await (await LineFile.open(path, "create")).close();
    await expect(LineFile.open(path, "create")).rejects.toMatchObject({ code: "EEXIST" });
  });

  it("knows the bytes of its whole lines", async () => {
    const path = join(await tempFolder(), "a");
    const file = await LineFile.open(path, "append");
    await file.write(Buffer.from("12\n"), true);
    expect(file.bytes).toBe(3);
    await file.close();
    const again = await LineFile.open(path, "append");
    expect(again.bytes).toBe(3);
    await again.close();
  });

  it("cuts a batch that only half fits back to the last whole line, and goes on when there is room", async () => {
    const path = join(await tempFolder(), "a");
    const file = await LineFile.open(path, "append");
    await file.write(Buffer.from("whole\n"), false);
    await diskFullAfter(4);
    await expect(file.write(Buffer.from("does not fit\n"), false)).rejects.toMatchObject({ code: "ENOSPC" });
    expect(file.isTorn).toBe(false);
    expect(await readFile(path, "utf8")).toBe("whole\n");
    await file.write(Buffer.from("fits\n"), true);
    await file.close();
    expect(await readFile(path, "utf8")).toBe("whole\nfits\n");
  });

  it("never cuts what another process wrote into the same file, and keeps its own lines whole", async () => {
    const path = join(await tempFolder(), "a");
    const ours = await LineFile.open(path, "append");
    const theirs = await LineFile.open(path, "append");
    await ours.write(Buffer.from("ours 1\n"), true);
    await theirs.write(Buffer.from("theirs 1\n"), true);
    await diskFullAfter(4);
    await expect(ours.write(Buffer.from("ours 2\n"), true)).rejects.toMatchObject({ code: "ENOSPC" });
    await theirs.write(Buffer.from("theirs 2\n"), true);
    await ours.write(Buffer.from("ours 2\n"), true);
    await ours.close();
    await theirs.close();
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
    expect(lines).toEqual(["ours 1", "theirs 1", "our", "theirs 2", "ours 2"]);
  });

  it("makes no hole when somebody emptied the file", async () => {
    const path = join(await tempFolder(), "a");
    const file = await LineFile.open(path, "append");
    await file.write(Buffer.from("old\n"), true);
    await truncate(path, 0);
    await diskFullAfter(2);
    await expect(file.write(Buffer.from("new\n"), true)).rejects.toMatchObject({ code: "ENOSPC" });
    await file.write(Buffer.from("new\n"), true);
    await file.close();
    expect((await readFile(path, "utf8")).split("\n")).toEqual(["", "n", "new", ""]);
  });
});
