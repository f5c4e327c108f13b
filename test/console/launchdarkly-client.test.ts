// LaunchDarkly's own client for its REST API, pointed at ours.

import { Configuration, DataExportDestinationsApi, FeatureFlagsApi } from "launchdarkly-api-typescript";
import { describe, expect, it } from "vitest";

import { aConsole, aFeature, ENVIRONMENT } from "./world.ts";

const TOKEN = "api-0123456789abcdefghijklmnop";

async function aClient() {
  const world = await aConsole({ token: TOKEN });
  const configuration = new Configuration({ apiKey: TOKEN, basePath: world.url });
  return {
    world,
    api: new DataExportDestinationsApi(configuration),
    flags: new FeatureFlagsApi(configuration),
  };
}

const post = (endpoint: string) => ({
  name: "My destination",
  kind: "segment" as const,
  on: true,
  config: { writeKey: "a-write-key-of-segment-1234", endpoint },
});

const failure = async (attempt: Promise<unknown>) => {
  try {
    await attempt;
  } catch (error) {
    const { response } = error as { response: { status: number; data: { code: string } } };
    return { status: response.status, code: response.data.code };
  }
  throw new Error("expected a failure");
};

describe("LaunchDarkly's own API client", () => {
  it("creates, lists, gets, changes and deletes a destination", async () => {
    const { api, world } = await aClient();
    const created = await api.postDestination("default", ENVIRONMENT, post(world.emulator.url));
    expect(created.status).toBe(201);
    const id = created.data._id!;
    expect(created.data).toMatchObject({
      name: "My destination",
      kind: "segment",
      on: true,
      version: 1,
      _links: {
        self: { href: `/api/v2/destinations/default/${ENVIRONMENT}/${id}`, type: "application/json" },
      },
    });
    expect((created.data.config as { writeKey: string }).writeKey).toBe("••••1234");

    const list = await api.getDestinations();
    expect(list.data.items?.map(({ _id }) => _id)).toEqual([id]);

    const patched = await api.patchDestination("default", ENVIRONMENT, id, [
      { op: "test", path: "/version", value: 1 },
      { op: "replace", path: "/name", value: "Renamed" },
      { op: "replace", path: "/on", value: false },
      {
        op: "replace",
        path: "/config",
        value: { writeKey: "another-write-key-9876", endpoint: world.emulator.url },
      },
    ]);
    expect(patched.data).toMatchObject({ name: "Renamed", on: false, version: 2 });
    expect((patched.data.config as { writeKey: string }).writeKey).toBe("••••9876");

    const got = await api.getDestination("default", ENVIRONMENT, id);
    expect(got.data).toEqual(patched.data);

    expect((await api.deleteDestination("default", ENVIRONMENT, id)).status).toBe(204);
    expect(await failure(api.getDestination("default", ENVIRONMENT, id))).toEqual({
      status: 404,
      code: "not_found",
    });
  });

  it("takes a configuration that is a JSON text, as the documented examples have it", async () => {
    const { api } = await aClient();
    const config = JSON.stringify({ writeKey: "a-write-key-of-segment-1234" });
    const created = await api.postDestination("default", ENVIRONMENT, { ...post(""), config });
    expect((created.data.config as { writeKey: string }).writeKey).toBe("••••1234");
  });

  it("gets LaunchDarkly's answers for what is wrong", async () => {
    const { api, world } = await aClient();
    const { data } = await api.postDestination("default", ENVIRONMENT, post(world.emulator.url));
    const id = data._id!;
    const stranger = new DataExportDestinationsApi(
      new Configuration({ apiKey: "api-wrong", basePath: world.url }),
    );
    expect(await failure(stranger.getDestinations())).toEqual({ status: 401, code: "unauthorized" });
    expect(await failure(api.postDestination("default", ENVIRONMENT, { name: "x" } as never))).toEqual({
      status: 400,
      code: "invalid_request",
    });
    expect(
      await failure(
        api.patchDestination("default", ENVIRONMENT, id, [{ op: "test", path: "/version", value: 7 }]),
      ),
    ).toEqual({ status: 409, code: "optimistic_locking_error" });
    expect(await failure(api.deleteDestination("default", ENVIRONMENT, id))).toEqual({
      status: 409,
      code: "conflict",
    });
    expect(await failure(api.getDestination("default", "other", id))).toEqual({
      status: 404,
      code: "not_found",
    });
  });

  it("switches a flag's export by JSON Patch and by semantic patch", async () => {
    const { flags, world } = await aClient();
    await world.create();
    await flags.patchFeatureFlag("*", "checkout", {
      patch: [{ op: "replace", path: `/environments/${ENVIRONMENT}/trackEvents`, value: true }],
    });
    const listed = await flags.getFeatureFlags("*", ENVIRONMENT);
    expect(listed.data.totalCount).toBe(1);
    expect(listed.data.items[0]?.environments?.[ENVIRONMENT]?.trackEvents).toBe(true);
    world.offer(aFeature("checkout"));
    await world.emulator.waitForEvents(1);
    const off = await flags.patchFeatureFlag(
      "*",
      "checkout",
      {
        environmentKey: ENVIRONMENT,
        instructions: [{ kind: "updateTrackEvents", trackEvents: false }],
      } as never,
      undefined,
      { headers: { "Content-Type": "application/json; domain-model=launchdarkly.semanticpatch" } },
    );
    expect(off.data.environments?.[ENVIRONMENT]?.trackEvents).toBe(false);
  });
});
