// Against a server that answers in the shapes of LaunchDarkly's REST API documentation.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { LaunchDarklyApi } from "../../../src/destinations/launchdarkly/api-client.ts";
import {
  LaunchDarklyEnablement,
  type LaunchDarklyEnablementOptions,
} from "../../../src/destinations/launchdarkly/enablement.ts";
import { systemClock } from "../../../src/engine/clock.ts";
import { recordingLog } from "../../support/context.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const TOKEN = "api-7b1a2c3d-canary-token";
const PRODUCTION = "5d4b12345d2a2806bd2cc6eb";

interface Flag {
  readonly key: string;
  /** Environment key -> what is set there. */
  readonly environments: Readonly<Record<string, object>>;
}

async function launchDarkly(flags: Flag[] = []) {
  const requests: { path: string; query: URLSearchParams; authorization: string | undefined }[] = [];
  const world = {
    flags,
    requests,
    /** Answers in place of the API until it returns false. */
    instead: undefined as ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined,
    url: "",
  };
  const answer = (response: ServerResponse, body: object) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(body));
  };
  const page = (items: readonly object[], query: URLSearchParams) => {
    const offset = Number(query.get("offset") ?? 0);
    return {
      _links: { self: { href: "/api/v2/x", type: "application/json" } },
      items: items.slice(offset, offset + Number(query.get("limit") ?? 20)),
      totalCount: items.length,
    };
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    requests.push({ path: pathname, query: searchParams, authorization: request.headers.authorization });
    if (world.instead?.(request, response)) return;
    if (pathname === "/api/v2/projects")
      answer(response, page([{ _id: "57be", key: "default", name: "Default" }], searchParams));
    else if (pathname === "/api/v2/projects/default/environments")
      answer(
        response,
        page(
          [
            { _id: PRODUCTION, key: "production", name: "Production", defaultTrackEvents: false },
            { _id: "5d4b0000000000000000test", key: "test", name: "Test", defaultTrackEvents: false },
            ...["a", "b"].map((key) => ({ _id: `id-of-${key}`, key, name: key })),
          ],
          searchParams,
        ),
      );
    else if (pathname === "/api/v2/flags/default") {
      const asked = searchParams.getAll("env");
      const shown = world.flags.map(({ key, environments }) => ({
        key,
        name: key,
        kind: "boolean",
        environments: Object.fromEntries(
          Object.entries(environments).filter(([name]) => asked.includes(name)),
        ),
      }));
      answer(response, page(shown, searchParams));
    } else response.writeHead(404).end('{"code":"not_found"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  world.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return world;
}

async function poller(baseUrl: string, with_: Partial<LaunchDarklyEnablementOptions> = {}) {
  const log = recordingLog();
  const snapshotPath = with_.snapshotPath ?? join(await tempFolder(), "state", "snapshot.json");
  const enablement = new LaunchDarklyEnablement({
    api: new LaunchDarklyApi({ baseUrl, accessToken: () => TOKEN, clock: systemClock }),
    scope: { projects: undefined, environments: undefined },
    pollMs: 20,
    events: true,
    clock: systemClock,
    random: () => 0,
    log,
    ...with_,
    snapshotPath,
  });
  onTestFinished(() => enablement.close());
  return { enablement, log, snapshotPath };
}

const tracked = { trackEvents: true, trackEventsFallthrough: false, rules: [] };
const silent = {
  trackEvents: false,
  trackEventsFallthrough: false,
  rules: [{ _id: "r", trackEvents: false }],
};

describe("the enablement of LaunchDarkly", () => {
  it("takes a flag as on when its events are tracked, for all rules, the default rule or one rule", async () => {
    const { url } = await launchDarkly([
      { key: "all", environments: { production: tracked, test: silent } },
      { key: "fallthrough", environments: { production: { ...silent, trackEventsFallthrough: true } } },
      { key: "one-rule", environments: { production: { ...silent, rules: [{ trackEvents: true }] } } },
      { key: "none", environments: { production: silent, test: tracked } },
      { key: "strange", environments: { production: { trackEvents: "yes", rules: "none" } } },
    ]);
    const { enablement } = await poller(url);
    await enablement.ready;
    const production = enablement.forEnvironment("any-project", PRODUCTION)!;
    expect([...production.flags]).toEqual(["all", "fallthrough", "one-rule"]);
    expect(production).toMatchObject({ allFlags: false, events: true });
    expect([...enablement.forEnvironment("x", "5d4b0000000000000000test")!.flags]).toEqual(["none"]);
    expect(enablement.forEnvironment("x", "unheard-of")).toBeUndefined();
  });

  it("reads every page, asks for three environments at a time, with the token and the rules", async () => {
    const flags = Array.from({ length: 250 }, (_, i) => ({
      key: `flag-${i}`,
      environments: { production: tracked },
    }));
    const world = await launchDarkly(flags);
    const { enablement } = await poller(world.url, { pollMs: 60_000 });
    await enablement.ready;
    expect(enablement.forEnvironment("x", PRODUCTION)!.flags.size).toBe(250);
    const asked = world.requests.filter(({ path }) => path === "/api/v2/flags/default");
    expect(asked.map(({ query }) => [query.getAll("env").length, query.get("offset")])).toEqual([
      [3, "0"],
      [3, "100"],
      [3, "200"],
      [1, "0"],
      [1, "100"],
      [1, "200"],
    ]);
    expect(
      asked.every(({ query, authorization }) => query.get("summary") === "0" && authorization === TOKEN),
    ).toBe(true);
  });

  it("asks only for the projects and environments that it is told", async () => {
    const world = await launchDarkly([{ key: "f", environments: { production: tracked, test: tracked } }]);
    const { enablement } = await poller(world.url, {
      scope: { projects: ["default"], environments: ["production"] },
      pollMs: 60_000,
    });
    await enablement.ready;
    expect(world.requests.map(({ path }) => path)).not.toContain("/api/v2/projects");
    expect(enablement.list().map(({ environment }) => environment)).toEqual([PRODUCTION]);
  });

  it("applies a change, and keeps the object of an environment that did not change", async () => {
    const world = await launchDarkly([{ key: "f", environments: { production: tracked, test: silent } }]);
    const { enablement } = await poller(world.url);
    await enablement.ready;
    const before = enablement.forEnvironment("x", PRODUCTION);
    world.flags = [...world.flags, { key: "g", environments: { test: tracked } }];
    await vi.waitFor(() =>
      expect(enablement.forEnvironment("x", "5d4b0000000000000000test")!.flags.has("g")).toBe(true),
    );
    expect(enablement.forEnvironment("x", PRODUCTION)).toBe(before);
  });

  it("goes on with the last good snapshot when LaunchDarkly is away, over a restart too, and says how old it is", async () => {
    const world = await launchDarkly([{ key: "f", environments: { production: tracked } }]);
    const first = await poller(world.url);
    await first.enablement.ready;
    await vi.waitFor(async () => expect(await readFile(first.snapshotPath, "utf8")).toContain('"f"'));
    world.instead = (_, response) => {
      response.writeHead(503).end();
      return true;
    };
    await vi.waitFor(() =>
      expect(first.log.lines.some(({ message }) => message.includes("last snapshot goes on"))).toBe(true),
    );
    expect(first.enablement.forEnvironment("x", PRODUCTION)!.flags.has("f")).toBe(true);
    await first.enablement.close();

    const second = await poller(world.url, { snapshotPath: first.snapshotPath });
    await second.enablement.ready;
    expect(second.enablement.forEnvironment("x", PRODUCTION)!.flags.has("f")).toBe(true);
    expect(second.enablement.ageMs).toBeGreaterThanOrEqual(0);
    expect(second.log.lines).toContainEqual({
      level: "info",
      message: "enablement from the last snapshot of LaunchDarkly",
      fields: { ageSeconds: expect.any(Number) },
    });
    await vi.waitFor(
      () => expect(second.log.lines.some(({ message }) => message.includes("goes on holding"))).toBe(true),
      5_000,
    );
    world.instead = undefined;
    await vi.waitFor(
      () => expect(second.log.lines.at(-1)?.message).toBe("LaunchDarkly answers again"),
      5_000,
    );
  });

  it("is not ready before something is known: a pipeline that ran would drop everything", async () => {
    const world = await launchDarkly();
    world.instead = (_, response) => {
      response.writeHead(500).end();
      return true;
    };
    const path = join(await tempFolder(), "snapshot.json");
    await writeFile(path, '{"format":1,"takenAtMs":1,"environments":[{"flags":"no"}]}');
    const { enablement, log } = await poller(world.url, { snapshotPath: path });
    let isReady = false;
    void enablement.ready.then(() => {
      isReady = true;
    });
    await vi.waitFor(() => expect(log.lines.length).toBeGreaterThan(0));
    expect(isReady).toBe(false);
    expect(enablement.ageMs).toBeUndefined();
    await enablement.close();
    await enablement.ready;
  });

  it("waits as long as a 429 asks for, by seconds or by the window's end", async () => {
    const world = await launchDarkly();
    const times: number[] = [];
    const headers = [{ "retry-after": "1" }, { "x-ratelimit-reset": String(Date.now() + 1_500) }];
    world.instead = (_, response) => {
      times.push(performance.now());
      const next = headers.shift();
      if (!next) return false;
      response.writeHead(429, next).end('{"code":"rate_limited","message":"…"}');
      return true;
    };
    const { enablement } = await poller(world.url, { pollMs: 60_000 });
    await enablement.ready;
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
  });

  it("pauses when nothing remains of the window", async () => {
    const world = await launchDarkly();
    const times: number[] = [];
    world.instead = (_, response) => {
      times.push(performance.now());
      if (times.length === 1) {
        response.setHeader("x-ratelimit-route-remaining", "0");
        response.setHeader("x-ratelimit-reset", String(Date.now() + 500));
      }
      return false;
    };
    const { enablement } = await poller(world.url, { pollMs: 60_000 });
    await enablement.ready;
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(450);
  });

  it.each([
    [401, "the access token is not valid"],
    [403, "reader role"],
    [404, "no such project"],
    [302, "answered 302"],
  ])("says what a %s means, follows no redirect, and never names the token", async (status, text) => {
    const world = await launchDarkly();
    world.instead = (_, response) => {
      response
        .writeHead(status, { location: `${world.url}/elsewhere` })
        .end(JSON.stringify({ message: TOKEN }));
      return true;
    };
    const { log } = await poller(world.url);
    await vi.waitFor(() => expect(log.lines.length).toBeGreaterThan(0));
    expect(String((log.lines[0]!.fields as { err: Error }).err.message)).toContain(text);
    expect(
      JSON.stringify(log.lines.map(({ fields }) => String((fields as { err: Error }).err.stack))),
    ).not.toContain(TOKEN);
    expect(world.requests.every(({ path }) => path !== "/elsewhere")).toBe(true);
  });

  it.each(["not JSON", "[]", '{"items":7}', ""])("does not take %j for an answer", async (body) => {
    const world = await launchDarkly();
    world.instead = (_, response) => {
      response.end(body);
      return true;
    };
    const { log, enablement } = await poller(world.url);
    await vi.waitFor(() => expect(log.lines.length).toBeGreaterThan(0));
    expect(enablement.list()).toEqual([]);
  });
});
