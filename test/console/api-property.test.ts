// Whatever is sent, the console answers, and never with a 500.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { connect } from "node:net";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { aConsole, ENVIRONMENT } from "./world.ts";

/** Without halves of characters, which no URL can hold. */
const wellFormed = (text: string) => Buffer.from(text).toString();

const nasty = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "••••",
    "${env:X}",
    "\u0000",
    "\ud800",
    "/",
    "..",
    "%2e%2e",
    "*",
    "a".repeat(400),
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);

const keys = fc.oneof(
  fc.constantFrom(
    "name",
    "kind",
    "on",
    "config",
    "version",
    "project",
    "environment",
    "writeKey",
    "endpoint",
    "op",
    "path",
    "value",
    "patch",
    "instructions",
    "environmentKey",
    "kinds",
    "allFlags",
    "events",
  ),
  nasty,
);

const leaf = fc.oneof(
  fc.constantFrom(
    "segment",
    "test",
    "replace",
    "/config/writeKey",
    "/__proto__/x",
    "/version",
    "updateTrackEvents",
    true,
    false,
    null,
    0,
    -1,
    1e308,
    0.1,
  ),
  nasty,
  fc.double(),
  fc.integer(),
);

const { tree: body } = fc.letrec<{ tree: unknown; map: object }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("tree"), { maxLength: 5 }), tie("map")),
  map: fc.dictionary(keys, tie("tree"), { maxKeys: 6, noNullPrototype: true }),
}));

const method = fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD");
const contentType = fc.constantFrom(
  "application/json",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/json; domain-model=launchdarkly.semanticpatch",
  "text/plain",
  "application/json; charset=utf-16",
);
const NAMES = [
  "api",
  "v2",
  "sluice",
  "destinations",
  "flags",
  "enablement",
  "pipelines",
  "dead-letters",
  "groups",
  "letter",
  "redrive",
  "destination-status",
  "test",
  "status",
  "openapi.json",
  "*",
  ENVIRONMENT,
];

describe("any request", () => {
  it("to any path, with any method and body, gets an answer that is no 500", async () => {
    const { request, create, open } = await aConsole();
    const { path } = await create();
    const segment = fc.oneof(
      fc.constantFrom(...NAMES),
      nasty.map((text) => encodeURIComponent(wellFormed(text))),
      fc.constantFrom("%", "%zz", "%00", "//"),
    );
    const anyPath = fc.oneof(
      fc.constantFrom(
        path,
        `${path}/test`,
        `${path}/status`,
        `/api/v2/destinations/*/${ENVIRONMENT}`,
        "/api/v2/flags/*/flag",
        `/api/sluice/enablement/*/${ENVIRONMENT}`,
        "/api/sluice/dead-letters/redrive",
        "/assets/x",
      ),
      fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.join("/")}`),
      fc
        .tuple(
          fc.constantFrom(
            "/api/v2/flags/*",
            "/api/sluice/dead-letters",
            "/api/sluice/dead-letters/letter",
            "/destinations",
            path,
          ),
          fc.array(
            fc.tuple(
              fc.constantFrom("limit", "offset", "env", "filter", "force", "code", "pipeline", "place"),
              nasty,
            ),
            { maxLength: 3 },
          ),
        )
        .map(
          ([start, query]) =>
            `${start}?${query.map(([key, value]) => `${key}=${encodeURIComponent(wellFormed(value))}`).join("&")}`,
        ),
    );
    await fc.assert(
      fc.asyncProperty(
        method,
        anyPath,
        fc.option(body, { nil: undefined }),
        contentType,
        async (verb, where, what, type) => {
          const isBare = verb === "GET" || verb === "HEAD" || what === undefined;
          const answer = await request(
            verb,
            where,
            isBare ? {} : { raw: JSON.stringify(what) ?? "", headers: { "content-type": type } },
          );
          if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.text}`);
          if (answer.status >= 400 && verb !== "HEAD")
            expect(answer.body).toMatchObject({ code: expect.any(String), message: expect.any(String) });
        },
      ),
      { numRuns: 1_000 },
    );
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
    for (const { name, settings } of open.destinations.list())
      expect([typeof name, typeof settings]).toEqual(["string", "object"]);
  }, 300_000);

  it("with bytes that are no JSON gets a 400, and none is quoted", async () => {
    const { request } = await aConsole();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", minLength: 1, maxLength: 200 }), async (raw) => {
        const { status, text } = await request("POST", `/api/v2/destinations/*/${ENVIRONMENT}`, {
          raw: `{"secret-canary":${raw}`,
        });
        expect(status).toBe(400);
        expect(text).not.toContain("secret-canary-value");
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    '{"__proto__":{"on":true}}',
    '{"constructor":{"prototype":{"on":true}}}',
    '{"name":"x","config":{"__proto__":{"a":1}}}',
    `${"[".repeat(50_000)}`,
    '{"a":'.repeat(20_000),
    "null",
    "[]",
    '"text"',
    "1e999",
    "\ufeff{}",
  ])("is refused when its body is %.40s", async (raw) => {
    const { request, create } = await aConsole();
    const { path } = await create();
    expect((await request("POST", `/api/v2/destinations/*/${ENVIRONMENT}`, { raw })).status).toBe(400);
    const { status } = await request("PATCH", path, { raw });
    expect([200, 400]).toContain(status);
  });

  it("that never ends costs the console nothing for long: others are served meanwhile", async () => {
    const { url, request } = await aConsole();
    const { port } = new URL(url);
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("POST /api/v2/destinations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-");
      return socket;
    });
    try {
      expect((await request("GET", "/api/v2/destinations")).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});
