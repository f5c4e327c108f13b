// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { DestinationKeeper } from "../../src/destinations/destination-keeper.ts";
import { MasterKeys, newMasterKey } from "../../src/destinations/master-keys.ts";
import { Store } from "../../src/destinations/store.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { tempFolder } from "../support/temp-folder.ts";

const given = (config: object = {}) => ({
  name: "Production",
  environment: "env",
  config: { writeKey: "a-write-key-0123456789", ...config },
});

async function aKeeper(folder?: string, keys = newMasterKey()) {
  const path = folder ?? join(await tempFolder(), "store");
  const store = await Store.open(path);
  onTestFinished(() => store.close().catch(() => undefined));
  const ring = { keys: MasterKeys.parse(keys, "a test"), env: {}, secretsFolder: "/run/secrets" };
  const context = { clock: new VirtualClock(), ring, reach: { loopback: false, hosts: new Set<string>() } };
  return { keeper: new DestinationKeeper(store, context), store, keys, path };
}

describe("the keeper of destinations", () => {
  it("fills in defaults, gives an id as LaunchDarkly's are, and is off until it is said to be on", async () => {
    const { keeper } = await aKeeper();
    const created = await keeper.create(given());
    expect(created).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      project: "*",
      on: false,
      version: 1,
      settings: {
        userIdContextKind: "user",
        anonymousIdContextKind: "anonymousUser",
        eventsPerSecond: 900,
        requestsPerSecond: 100,
      },
    });
    expect(keeper.live(created.id)).toMatchObject({
      project: undefined,
      config: { endpoint: "https://api.segment.io" },
    });
    expect(keeper.live(created.id)!.config.writeKey()).toBe("a-write-key-0123456789");
  });

  it("keeps the write key when an edit leaves its mask, and replaces it when not", async () => {
    const { keeper } = await aKeeper();
    const { id } = await keeper.create(given());
    await keeper.update(id, (document) => ({ ...document, name: "Renamed" }));
    expect(keeper.live(id)!.config.writeKey()).toBe("a-write-key-0123456789");
    await keeper.update(id, ({ config, ...document }) => ({
      ...document,
      config: { ...config, writeKey: "another-key-9876543210" },
    }));
    expect(keeper.live(id)).toMatchObject({ name: "Renamed", version: 3 });
    expect(keeper.live(id)!.config.writeKey()).toBe("another-key-9876543210");
  });

  it.each([
    ["a mask in place of a key", { writeKey: "••••9999" }, "/config/writeKey"],
    ["an unknown setting", { colour: "red" }, "/config/colour"],
    ["both a region and an endpoint", { region: "eu", endpoint: "https://x.example" }, "/config/endpoint"],
    ["a rate of nothing", { eventsPerSecond: 0 }, "/config/eventsPerSecond"],
    ["a key of another type", { writeKey: 7 }, "/config/writeKey"],
  ])("refuses %s, saying where", async (_, config, path) => {
    const { keeper } = await aKeeper();
    await expect(keeper.create(given(config))).rejects.toMatchObject({ problems: [{ path }] });
    expect(keeper.list()).toEqual([]);
  });

  it("does not move a destination to another environment: its ids would change", async () => {
    const { keeper } = await aKeeper();
    const { id } = await keeper.create(given());
    const move = keeper.update(id, (document) => ({ ...document, environment: "other" }));
    await expect(move).rejects.toMatchObject({
      problems: [{ path: "/environment", code: "not-changeable" }],
    });
  });

  it("lets the first of two edits of one version win", async () => {
    const { keeper } = await aKeeper();
    const { id } = await keeper.create(given());
    const edit = (name: string) =>
      keeper.update(id, () => ({ ...given(), kind: "segment", on: true, project: "*", name, version: 1 }));
    const results = await Promise.allSettled([edit("first"), edit("second")]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(keeper.get(id)).toMatchObject({ name: "first", version: 2 });
    await expect(keeper.remove(id, 1)).rejects.toMatchObject({ code: "version-conflict" });
    await expect(keeper.remove("nobody")).rejects.toMatchObject({ name: "NoSuchDestination" });
  });

  it("rotates to the first master key, all or nothing", async () => {
    const { keeper, store, keys, path } = await aKeeper();
    const { id } = await keeper.create(given());
    await keeper.create(given({ writeKey: "${env:SEGMENT_WRITE_KEY}" }));
    await store.close();

    const fresh = newMasterKey();
    const lost = await aKeeper(path, fresh);
    await expect(lost.keeper.rotate()).rejects.toMatchObject({ code: "secret-key-missing" });
    await lost.store.close();

    const both = await aKeeper(path, `${fresh}\n${keys}`);
    expect(await both.keeper.rotate()).toEqual({ resealed: 1, current: 0, references: 1 });
    await both.store.close();

    const after = await aKeeper(path, fresh);
    expect(after.keeper.live(id)!.config.writeKey()).toBe("a-write-key-0123456789");
    expect(await after.keeper.rotate()).toEqual({ resealed: 0, current: 1, references: 1 });
  });
});
