import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import { batch, event, KEY, post, segment } from "./segment-world.ts";

describe("400, as documented", () => {
  test.each<[string, unknown, { path?: string; headers?: Record<string, string> }, string]>([
    ["invalid JSON", '{"batch":[', {}, "invalid_json"],
    ["JSON that is no object", "[]", {}, "invalid_json"],
    ["no key", { batch: [event()] }, {}, "invalid_write_key"],
    ["a very short key", { batch: [event()], writeKey: "abc123" }, {}, "invalid_write_key"],
    [
      "Basic without its colon",
      { batch: [event()] },
      { headers: { authorization: `Basic ${Buffer.from(KEY).toString("base64")}` } },
      "invalid_write_key",
    ],
    ["no batch", { writeKey: KEY }, {}, "bad_request"],
    ["an empty batch", batch(), {}, "empty_batch"],
    ["another content type", batch(event()), { headers: { "content-type": "text/plain" } }, "bad_request"],
    [
      "an event of more than 32 KB",
      batch(event(), event({ properties: { text: "x".repeat(32_768) } })),
      {},
      "payload_too_large",
    ],
    [
      "a single call of more than 32 KB",
      event({ writeKey: KEY, context: { text: "x".repeat(32_768) } }),
      { path: "/v1/track" },
      "payload_too_large",
    ],
    [
      "a batch of more than 500 KB",
      batch(...Array.from({ length: 20 }, () => event({ context: { text: "x".repeat(30_000) } }))),
      {},
      "payload_too_large",
    ],
    ["damaged gzip", Buffer.from("no gzip"), { headers: { "content-encoding": "gzip" } }, "invalid_json"],
    [
      "a gzip bomb",
      gzipSync(Buffer.alloc(5_000_000)),
      { headers: { "content-encoding": "gzip" } },
      "invalid_json",
    ],
  ])("%s", async (_, body, how, code) => {
    const server = await segment();
    const answer = await post(server, body, how);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 400,
      body: { success: false, code, message: expect.any(String) },
    });
    expect(server.stats()).toMatchObject({ accepted: 0, answers: { 400: 1 } });
  });

  test("a body beyond twice the limit is not even read", async () => {
    const server = await segment();
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${server.url}/v1/batch`, {
        method: "POST",
        headers: { "content-type": "application/json" },
      });
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject);
      request.write(Buffer.alloc(1_100_000, 0x20));
    });
    expect(status).toBe(400);
  });
});
