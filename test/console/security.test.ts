// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { request as httpRequest } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";

import { describe, expect, it, vi } from "vitest";

import { startConsole } from "../../src/console/server.ts";
import { prometheusPage } from "../../src/telemetry/prometheus-page.ts";

import { aConsole, aFeature, ENVIRONMENT } from "./world.ts";

const TOKEN = "a-token-of-at-least-128-bits-0123";
const LIST = "/api/v2/destinations";

/** Node's own client: `fetch` does not let a test set Host or Sec-Fetch-Site. */
function raw(url: string, headers: Record<string, string>, method = "GET", path = LIST): Promise<number> {
  return new Promise((resolve, reject) => {
    const target = new URL(path, url);
    const request = httpRequest(target, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
    request.end();
  });
}

describe("who may talk to the console", () => {
  it("refuses foreign host names: a name that was made to lead here is not ours", async () => {
    const { url } = await aConsole();
    expect(await raw(url, { host: "evil.example" })).toBe(403);
    expect(await raw(url, { host: `localhost:${new URL(url).port}` })).toBe(200);
  });

  it("refuses what other sites make a browser send", async () => {
    const { url } = await aConsole();
    expect(await raw(url, { "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await raw(url, { "sec-fetch-site": "same-site" }, "POST")).toBe(403);
    expect(await raw(url, { "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await raw(url, { origin: "https://evil.example" })).toBe(403);
    expect(await raw(url, { origin: "null" })).toBe(403);
    expect(await raw(url, { origin: url })).toBe(200);
    // A link on another site may lead to the page, not to the API.
    expect(await raw(url, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, "GET", "/")).toBe(
      200,
    );
    expect(await raw(url, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(403);
  });

  it("takes JSON only, and no body over 256 KB", async () => {
    const { request } = await aConsole();
    const path = `${LIST}/*/${ENVIRONMENT}`;
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
      expect((await request("POST", path, { raw: "{}", headers: { "content-type": type } })).status).toBe(
        415,
      );
    expect((await request("POST", path, { body: { name: "x".repeat(300_000) } })).status).toBe(413);
  });

  it("answers with headers that keep a browser from running anything", async () => {
    const { request } = await aConsole();
    const { headers, text } = await request("GET", "/");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    // No script or style but those that are loaded from here.
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=")|<style|\sstyle=|\son[a-z]+=/i);
  });

  it("asks for the token, and rations wrong ones", async () => {
    const { request } = await aConsole({ token: TOKEN });
    expect((await request("GET", LIST)).status).toBe(200);
    expect((await request("GET", LIST, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    const codes: number[] = [];
    for (let i = 0; i < 12; i++)
      codes.push((await request("GET", LIST, { headers: { authorization: `wrong-${i}` } })).status);
    expect(codes.slice(0, 10)).toEqual(Array(10).fill(401));
    const late = await request("GET", LIST, { headers: { authorization: "wrong" } });
    expect(late.status).toBe(429);
    expect(late.body.code).toBe("rate_limited");
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    // Whoever has the right one is not locked out by others.
    expect((await request("GET", LIST)).status).toBe(200);
    expect((await request("GET", "/", { headers: { authorization: "" } })).status).toBe(200);
  });

  it("does not listen for others without a token, nor with a weak one", async () => {
    const options = { host: "0.0.0.0", port: 0, names: [] };
    await expect(startConsole({ ...options, token: undefined }, {} as never)).rejects.toMatchObject({
      code: "console-needs-token",
    });
    await expect(startConsole({ ...options, token: "secret" }, {} as never)).rejects.toMatchObject({
      code: "console-token-weak",
    });
  });
});

describe("endpoints that a person names", () => {
  const refused = [
    "http://api.segment.io",
    "https://169.254.169.254",
    "https://0xa9fea9fe",
    "https://2852039166",
    "https://127.0.0.1",
    "https://127.1",
    "https://localhost",
    "https://[::1]",
    "https://[::ffff:10.0.0.1]",
    "https://[64:ff9b::a9fe:a9fe]",
    "https://10.1.2.3",
    "https://192.168.0.1",
    "https://100.64.0.1",
    "https://metadata.google.internal",
    "https://api.segment.io.",
    "https://api.segment.io:22",
  ];

  it.each(refused)("must be public and encrypted: %s is refused", async (endpoint) => {
    const { request } = await aConsole({ env: { SLUICE_ENDPOINT_ALLOW: "" } });
    const { status, body } = await request("POST", `${LIST}/*/${ENVIRONMENT}`, {
      body: { name: "x", config: { writeKey: "a-write-key-0123456789", endpoint } },
    });
    expect(status).toBe(400);
    expect(body.errors[0].path).toBe("/config/endpoint");
  });

  it("are checked again at each connection: a name may lead elsewhere by then", async () => {
    const { guardedLookup } = await import("../../src/sinks/segment/endpoint-rules.ts");
    const found = (loopback: boolean) =>
      new Promise((resolve) =>
        guardedLookup({ loopback, hosts: new Set() })("localhost", {}, (error, address) =>
          resolve(error ?? address),
        ),
      );
    expect(await found(false)).toMatchObject({ code: "ERR_FORBIDDEN_ADDRESS" });
    expect(await found(true)).toMatch(/^(127\.|::1)/);
  });

  it("cannot reach into the environment or the disk through a reference", async () => {
    const { request } = await aConsole();
    for (const writeKey of [
      "${SLUICE_SECRET_KEY}",
      "${env:HOME}",
      "${file:/etc/passwd}",
      "${file:/run/secrets/../../etc/passwd}",
      "${SEGMENT_WRITE_KEY:-x}",
    ]) {
      const { status, body } = await request("POST", `${LIST}/*/${ENVIRONMENT}`, {
        body: { name: "x", config: { writeKey } },
      });
      expect([writeKey, status]).toEqual([writeKey, 400]);
      expect(body.errors[0].path).toBe("/config/writeKey");
    }
  });
});

/** The first of an event stream: two parts at least, with what was offered meanwhile. */
async function heardOf(url: string, offer: () => void): Promise<string> {
  const stop = new AbortController();
  const response = await fetch(url, { signal: stop.signal });
  let heard = "";
  const decoder = new TextDecoder();
  for await (const part of response.body!) {
    heard += decoder.decode(part, { stream: true });
    offer();
    if (/event: (?:recent|value)/.test(heard)) break;
  }
  stop.abort();
  return heard;
}

function metricsOf({ run, metrics }: Awaited<ReturnType<typeof aConsole>>["job"]): Promise<string> {
  const watched = {
    name: "under-test",
    metrics,
    state: () => run.state,
    stopping: () => false,
    lanes: () => run.lanes(),
    publishGauges: () => run.publishGauges(),
    probeDeadLetters: () => Promise.resolve(),
  };
  return prometheusPage({ version: "test", pipelines: () => [watched], withProcess: false }).text();
}

describe("a write key", () => {
  const canary = "canary-write-key-8d1f0b2e77";

  it("comes to light nowhere: answers, live streams, logs, metrics, dead letters, the store's files", async () => {
    const world = await aConsole({
      enablement: [
        {
          project: undefined,
          environment: ENVIRONMENT,
          exported: { allFlags: true, events: true, flags: new Set() },
        },
      ],
    });
    const said: string[] = [];
    const ask = async (...args: Parameters<typeof world.request>) => {
      const answer = await world.request(...args);
      said.push(answer.text, JSON.stringify([...answer.headers]));
      return answer;
    };
    const { path } = await world.create({ config: { writeKey: canary } });
    for (const bad of [
      { config: { writeKey: canary, wrong: canary } },
      { config: { writeKey: [canary] } },
      { config: canary },
      { name: canary, on: canary, config: { writeKey: `••••${canary}` } },
    ])
      await ask("PATCH", path, { body: bad });
    await ask("POST", `${LIST}/*/${ENVIRONMENT}`, { raw: `{"config":{"writeKey":"${canary}"` });
    await ask("POST", `${LIST}/*/${ENVIRONMENT}`, { body: { name: "x", config: `{"writeKey":"${canary}"` } });
    // A server that sends back what it got.
    const echo = {
      kind: "status" as const,
      status: 400,
      body: JSON.stringify({
        code: "x",
        message: `key ${canary} ${Buffer.from(`${canary}:`).toString("base64")}`,
      }),
    };
    const mend = world.emulator.inject({ action: echo });
    await ask("POST", `${path}/test`);
    const held = world.offer(aFeature("flag", "canary-event"));
    await vi.waitFor(() => expect(held.settled).toBe("ack"), { timeout: 5_000 });
    mend();
    for (const url of [
      LIST,
      path,
      `${path}/status`,
      "/api/sluice/dead-letters",
      "/api/sluice/dead-letters/groups",
      "/api/sluice/destination-status",
      "/api/v2/process",
      "/api/v2/pipelines",
      "/api/v2/pipelines/under-test/history",
      "/api/v2/events/recent",
      "/api/v2/trace/canary-event",
      "/openapi.json",
      "/",
    ])
      await ask("GET", url);
    for (const stream of ["/api/v2/stream", "/api/v2/tap?pipeline=under-test"])
      said.push(await heardOf(world.url + stream, () => void world.offer(aFeature("canary-flag"))));
    said.push(await metricsOf(world.job));
    await ask("DELETE", path);

    said.push(
      inspect(world.log.lines, { depth: 8, showHidden: true }),
      await readFile(world.deadLetters, "utf8"),
    );
    const { metricTable } = await import("../../src/engine/metrics.ts");
    said.push(JSON.stringify(Object.keys(metricTable).map((name) => world.job.metrics.samples(name))));
    for (const file of await readdir(join(world.folder, "store")))
      said.push(await readFile(join(world.folder, "store", file), "latin1"));
    const all = said.join("\n");
    expect(all).toContain("••••2e77");
    for (const form of [
      canary,
      Buffer.from(`${canary}:`).toString("base64"),
      Buffer.from(canary).toString("base64").replace(/=+$/, ""),
    ])
      expect(all.includes(form)).toBe(false);
  });

  it("is not kept without a master key; a reference is", async () => {
    const { request, open } = await aConsole({
      env: { SLUICE_SECRET_KEY: "", SEGMENT_WRITE_KEY: "a-key-from-the-environment" },
    });
    const path = `${LIST}/*/${ENVIRONMENT}`;
    const literal = await request("POST", path, { body: { name: "x", config: { writeKey: canary } } });
    expect(literal.status).toBe(400);
    expect(literal.body.errors[0]).toMatchObject({ path: "/config/writeKey", code: "secret-key-missing" });
    const reference = await request("POST", path, {
      body: { name: "x", config: { writeKey: "${env:SEGMENT_WRITE_KEY}" } },
    });
    expect(reference.status).toBe(201);
    expect(reference.body.config.writeKey).toBe("${env:SEGMENT_WRITE_KEY}");
    expect(open.destinations.live(reference.body._id)!.config.writeKey()).toBe("a-key-from-the-environment");
  });
});
