import { request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import { builtPages, readPageFiles } from "../../src/console/page-files.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { aConsole } from "./world.ts";

const TOKEN = "a-token-of-at-least-128-bits-0123";
const files = readPageFiles(builtPages());
const index = files.get("/index.html")?.bytes.toString("utf8") ?? "";

/** Node's own client: `fetch` would decompress. */
function raw(url: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      const request = httpRequest(url, { headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          }),
        );
      });
      request.on("error", reject);
      request.end();
    },
  );
}

describe("the pages", () => {
  it("are built: one document that names its script and style by hashed names", () => {
    expect(index).toMatch(/src="\/assets\/index-[\w-]{8}\.js"/);
    expect(index).toMatch(/href="\/assets\/index-[\w-]{8}\.css"/);
    expect(index).not.toMatch(/<style|style="|<script>/);
  });

  it("weigh at most 150 kB compressed at the first load, with everything that is loaded later", () => {
    const weight = [...files.values()].reduce((sum, { gzip, bytes }) => sum + (gzip ?? bytes).length, 0);
    expect(weight).toBeGreaterThan(10_000);
    expect(weight).toBeLessThanOrEqual(150_000);
  });

  it("name no address of another machine that they could load from", () => {
    const text = [...files.values()].map(({ bytes }) => bytes.toString("latin1")).join("\n");
    const addresses = text.match(/\b(?:https?|wss?):\/\/[\w.-]+/g) ?? [];
    const names = new Set(addresses.map((address) => new URL(address).hostname));
    // Names of XML vocabularies, links in messages of the libraries, and what a field shows as an example.
    for (const name of ["www.w3.org", "127.0.0.1", "preactjs.com", "github.com"]) names.delete(name);
    expect([...names]).toEqual([]);
  });

  it.each(["/", "/destinations", "/destinations/new", "/flags", "/stream", "/dead-letters", "/trace"])(
    "at %s are the same document, without a token and never kept unasked",
    async (path) => {
      const { url } = await aConsole({ token: TOKEN });
      const { status, headers, body } = await raw(url + path, {});
      expect(status).toBe(200);
      expect(body.toString()).toBe(index);
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(headers["cache-control"]).toBe("no-cache");
      expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
      expect(headers["content-security-policy"]).toContain("require-trusted-types-for 'script'");
      expect(headers["content-security-policy"]).not.toContain("unsafe");
    },
  );

  it("are sent compressed to who takes that, and not at all to who has them", async () => {
    const { url } = await aConsole();
    const path = /\/assets\/index-[\w-]+\.js/.exec(index)?.[0] ?? "";
    const plain = await raw(url + path, {});
    const packed = await raw(url + path, { "accept-encoding": "br, gzip" });
    const refused = await raw(url + path, { "accept-encoding": "gzip;q=0, identity" });
    const etag = String(plain.headers["etag"]);
    const known = await raw(url + path, { "if-none-match": `"other", ${etag}` });
    expect(plain.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    expect(refused.headers["content-encoding"]).toBeUndefined();
    expect([known.status, known.body.length]).toEqual([304, 0]);
  });

  it.each([
    "/assets/",
    "/assets/../../server.js",
    "/assets/..%2f..%2fserver.js",
    "/index.html.gz",
    "/../package.json",
    "/%2e%2e/package.json",
    "/favicon.ico",
    "/nowhere",
  ])("leave everything else unfound: %s", async (path) => {
    const { url } = await aConsole();
    const target = new URL(url);
    const status = await new Promise<number>((resolve, reject) => {
      // A path of its own: a URL would be made tidy first.
      httpRequest({ host: target.hostname, port: target.port, path }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it("do not open the API: it asks for the token all the same", async () => {
    const { url } = await aConsole({ token: TOKEN });
    for (const path of ["/api/v2/destinations", "/api/v2/pipelines", "/openapi.json", "/nowhere"])
      expect([path, (await raw(url + path, {})).status]).toEqual([path, 401]);
  });

  it("that were not built are none", async () => {
    expect(readPageFiles(`${await tempFolder()}/not-there`).size).toBe(0);
  });
});
