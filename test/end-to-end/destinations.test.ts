// `sluice destinations`, `flags` and `secrets` as an operator types them, with the real program and its store.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { newMasterKey } from "../../src/destinations/master-keys.ts";
import { tempFolder } from "../support/temp-folder.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const KEY = "canary-write-key-on-stdin";

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function operator() {
  const store = join(await tempFolder(), "store");
  let secretKey = newMasterKey();
  const sluice = async (args: readonly string[], input = ""): Promise<Said> => {
    const env = { ...process.env, NO_COLOR: "1", SLUICE_STORE: store, SLUICE_SECRET_KEY: secretKey };
    const child = spawn(process.execPath, [MAIN, ...args], { env });
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    expect(stdout + stderr, args.join(" ")).not.toContain(KEY);
    return { status, stdout, stderr };
  };
  const json = async (args: readonly string[], input = "") => {
    const { status, stdout, stderr } = await sluice(args, input);
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const create = () =>
    json(["destinations", "create", "--name", "Production", "--environment", "e1"], `${KEY}\n`);
  /** With a pseudo-terminal, by script(1) of util-linux. */
  const onTerminal = async (line: string): Promise<string> => {
    const env = { ...process.env, SLUICE_STORE: store, SLUICE_SECRET_KEY: secretKey, COLUMNS: "120" };
    const command = `'${process.execPath}' '${MAIN}' ${line}`;
    const child = spawn("script", ["-qec", command, "/dev/null"], { env });
    child.stdin.end();
    const said = await text(child.stdout);
    expect(said, line).not.toContain(KEY);
    return said;
  };
  /** Gives the one used until now. */
  const useSecretKey = (key = secretKey): string => {
    const before = secretKey;
    secretKey = key;
    return before;
  };
  return { sluice, json, create, useSecretKey, onTerminal };
}

describe("sluice destinations", () => {
  it("creates, lists, shows, edits, switches and deletes, and never says the key", async () => {
    const { sluice, json, create } = await operator();
    const { _id: id, ...made } = await create();
    expect(made).toMatchObject({
      name: "Production",
      on: false,
      version: 1,
      config: { writeKey: "••••tdin" },
    });
    expect((await json(["destinations", "list"])).items).toMatchObject([{ _id: id, name: "Production" }]);
    expect(await json(["destinations", "show", id])).toMatchObject({ _id: id, _environment: "e1" });
    const edited = await json([
      "destinations",
      "edit",
      id,
      "--name",
      "Renamed",
      "--events-per-second",
      "400",
    ]);
    expect(edited).toMatchObject({ name: "Renamed", version: 2, config: { eventsPerSecond: 400 } });
    expect(await json(["destinations", "on", id])).toMatchObject({ on: true, version: 3 });
    const refused = await sluice(["destinations", "delete", id, "--yes"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("switch it off first");
    expect(await json(["destinations", "off", id])).toMatchObject({ on: false, version: 4 });
    expect((await sluice(["destinations", "delete", id, "--yes"])).status).toBe(0);
    expect((await json(["destinations", "list"])).items).toEqual([]);
  });

  it("takes a key from stdin only: on the command line it would stay in the shell's history", async () => {
    const { sluice } = await operator();
    const args = ["destinations", "create", "--name", "x", "--environment", "e1"];
    const typed = await sluice([...args, "--write-key", "abc"]);
    expect(typed.status).toBe(2);
    const none = await sluice(args);
    expect(none.status).toBe(2);
    expect(none.stderr).toContain("give it on stdin");
  });

  it("says what is wrong with each value, and that an id is of no destination", async () => {
    const { sluice, create } = await operator();
    const { _id: id } = await create();
    for (const [option, value, word] of [
      ["--events-per-second", "0", "eventsPerSecond"],
      ["--endpoint", "ftp://x", "endpoint"],
    ] as const) {
      const said = await sluice(["destinations", "edit", id, option, value]);
      expect(said.status).not.toBe(0);
      expect(said.stderr).toContain(word);
    }
    const unknown = await sluice(["destinations", "show", "ffffffffffffffffffffffff"]);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain("ffffffffffffffffffffffff");
  });
});

describe("on a terminal", () => {
  it("destinations and flags are tables, without the key", async () => {
    const { onTerminal, json, create } = await operator();
    await create();
    await json(["flags", "enable", "--environment", "e1", "f1"]);
    const destinations = await onTerminal("destinations list");
    expect(destinations).toMatch(/name .*environment/i);
    expect(destinations).toMatch(/Production .*e1/);
    expect(destinations).not.toContain("{");
    expect(await onTerminal("flags list")).toMatch(/e1 /);
    expect(await onTerminal("destinations list --json")).toContain('"items"');
  });
});

describe("sluice flags", () => {
  it("switches the export of single flags and of a whole environment, and lists what is on", async () => {
    const { json } = await operator();
    expect(await json(["flags", "enable", "--environment", "e1", "f1", "f2"])).toMatchObject({
      flags: ["f1", "f2"],
    });
    expect(await json(["flags", "disable", "--environment", "e1", "f1"])).toMatchObject({ flags: ["f2"] });
    expect(await json(["flags", "enable", "--environment", "e1", "--all"])).toMatchObject({ allFlags: true });
    expect((await json(["flags", "list"])).items).toMatchObject([{ environment: "e1", allFlags: true }]);
  });
});

describe("sluice secrets", () => {
  it("rotate seals every key under the first master key, after which the old one is not needed", async () => {
    const { sluice, json, create, useSecretKey } = await operator();
    await create();
    const old = useSecretKey();
    const newer = (await sluice(["secrets", "new-key"])).stdout.trim();
    useSecretKey(newer);
    const without = await sluice(["secrets", "rotate"]);
    expect(without.status).not.toBe(0);
    useSecretKey(`${newer} ${old}`);
    expect(await json(["secrets", "rotate"])).toMatchObject({ resealed: 1 });
    useSecretKey(newer);
    expect(await json(["secrets", "rotate"])).toMatchObject({ resealed: 0 });
  });
});
