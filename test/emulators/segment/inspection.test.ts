import { request as httpRequest } from "node:http";
import { Script } from "node:vm";
import { describe, expect, test } from "vitest";

import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { batch, event, KEY, post, segment } from "./segment-world.ts";

describe("looking inside", () => {
  test("a waiting test is told when events are there, or that they are not", async () => {
    const clock = new VirtualClock();
    const server = await segment({ clock });
    const three = server.waitForEvents(3, 1_000);
    await post(server, batch(event(), event(), event()));
    await expect(three).resolves.toBeUndefined();
    const four = expect(server.waitForEvents(4, 1_000)).rejects.toThrow("3 of 4 events came within 1000 ms");
    await clock.advance(1_000);
    await four;
    expect(clock.pendingTimers).toBe(0);
  });

  test("the lists show events and drops, newest first, with the key masked", async () => {
    const server = await segment();
    await post(server, batch(event({ messageId: "a" }), event({ messageId: "b" }), event({ userId: "" })));
    const list = await (await fetch(`${server.url}/events.json?limit=1`)).json();
    expect(list).toMatchObject({
      events: [{ event: { messageId: "b", writeKey: "••••2345" } }],
      dropped: [{ code: "id_not_string" }],
    });
    expect(JSON.stringify(list)).not.toContain(KEY);
    expect(await (await fetch(`${server.url}/stats.json`)).json()).toMatchObject({
      accepted: 2,
      dropped: { id_not_string: 1 },
    });
  });

  test("the list of requests shows when each came and what it held, without keys", async () => {
    const clock = new VirtualClock();
    const server = await segment({ clock });
    await post(server, batch(event(), event()));
    await clock.advance(250);
    await post(server, batch(event()));
    const list = await (await fetch(`${server.url}/requests.json?limit=5`)).json();
    expect(list).toMatchObject({
      requests: [
        { events: 1, path: "/v1/batch", status: 200, atMs: 250 },
        { events: 2, path: "/v1/batch", status: 200, atMs: 0 },
      ],
    });
    expect(JSON.stringify(list)).not.toContain(KEY);
  });

  test("the page loads nothing from elsewhere and runs no script but its own", async () => {
    const server = await segment();
    await post(server, batch(event({ userId: "<img src=x onerror=alert(1)>" })));
    const answer = await fetch(server.url);
    const html = await answer.text();
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';/,
    );
    expect(policy).not.toContain("unsafe");
    expect(() => new Script(/<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? "no script")).not.toThrow();
    expect(html).not.toContain("onerror");
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|outerHTML/);
  });

  test("a page under a foreign name can neither read nor steer", async () => {
    const server = await segment();
    const statusOf = (method: string, path: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const headers = { host: "evil.example", "content-type": "application/json" };
        const request = httpRequest(server.url + path, { method, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on("error", reject).end(method === "POST" ? "{}" : undefined);
      });
    expect(await statusOf("GET", "/events.json")).toBe(403);
    expect(await statusOf("GET", "/")).toBe(403);
    expect(await statusOf("POST", "/_control")).toBe(403);
  });

  test("the settings preflight knows which keys exist", async () => {
    const server = await segment({ writeKeys: [KEY] });
    expect((await fetch(`${server.url}/v1/projects/${KEY}/settings`)).status).toBe(200);
    expect((await fetch(`${server.url}/v1/projects/unknown-key/settings`)).status).toBe(404);
    expect((await fetch(`${server.url}/v1/projects/%zz/settings`)).status).toBe(404);
  });

  test.each(["GET /nothing", "PUT /v1/batch", "POST /v1/nothing", "GET //", "POST /v1/"])(
    "%s is not found",
    async (line) => {
      const server = await segment();
      const [method = "", path = ""] = line.split(" ");
      const answer = await fetch(server.url + path, { method });
      await answer.text();
      expect(answer.status).toBe(404);
    },
  );
});
