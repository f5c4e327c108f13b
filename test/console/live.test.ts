import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

import { createParser } from "eventsource-parser";
import { describe, expect, it, vi } from "vitest";

import { aConsole, aFeature, ENVIRONMENT, PROJECT } from "./world.ts";

const soon = { timeout: 15_000, interval: 50 };

async function aWorldWithTraffic() {
  const world = await aConsole({
    enablement: [
      {
        project: undefined,
        environment: ENVIRONMENT,
        exported: { allFlags: false, flags: new Set(["on"]), events: true },
      },
    ],
  });
  const { body } = await world.create();
  const delivered = world.offer(aFeature("on", "event-delivered"));
  const dropped = world.offer(aFeature("off", "event-dropped"));
  const dead = world.offer({ ...aFeature("on", "event-dead"), kind: "no-such-kind" });
  await vi.waitFor(
    () => expect([delivered, dropped, dead].map(({ settled }) => settled)).toEqual(["ack", "ack", "ack"]),
    soon,
  );
  return { ...world, destination: body._id as string };
}

async function trace(world: Awaited<ReturnType<typeof aConsole>>, id: string) {
  return (await world.request("GET", `/api/v2/trace/${encodeURIComponent(id)}`)).body;
}

describe("the live part of the API", () => {
  it("traces a delivered, a dropped and a dead-lettered event by each of their ids", async () => {
    const world = await aWorldWithTraffic();
    const [sent] = world.emulator.events();
    const byEvent = await trace(world, "event-delivered");
    expect(byEvent).toMatchObject({ found: true, note: `Delivered to ${world.destination}.` });
    expect(byEvent.paths[0]).toMatchObject({
      pipeline: "under-test",
      id: "r0",
      eventId: "event-delivered",
      state: "settled",
      steps: [
        { what: "received", attempt: 1 },
        { what: "delivered", destination: world.destination, status: 200, attempt: 1, write: 1 },
      ],
    });
    const { messageId } = byEvent.paths[0].steps[1];
    expect(sent).toMatchObject({ messageId });
    expect((await trace(world, messageId)).paths).toEqual(byEvent.paths);
    expect((await trace(world, "r0")).paths).toEqual(byEvent.paths);

    const dropped = await trace(world, "event-dropped");
    expect(dropped.note).toBe("Dropped by filter-enabled: flag-not-enabled.");
    expect(dropped.paths[0].steps.at(-1)).toMatchObject({
      what: "dropped",
      reason: "flag-not-enabled",
      message: "off",
    });

    const dead = await trace(world, "event-dead");
    expect(dead.note).toBe("Dead-lettered by segment-event: unknown-kind.");
    expect(dead.paths[0].steps.map(({ what }: { what: string }) => what)).toEqual([
      "received",
      "rejected",
      "dead-lettered",
    ]);
    expect(dead.deadLetters).toMatchObject([{ id: "r2", code: "unknown-kind", state: "open" }]);
    expect(dead.deadLettersSearched).toBe("all");

    const unknown = await trace(world, "never-came");
    expect(unknown).toMatchObject({ found: false, paths: [], deadLetters: [], index: { agedOut: false } });
    expect(unknown.note).toContain("it did not come to this process while it ran");
  });

  it("shows stages, arrows, lanes and drops of a pipeline, and its last events", async () => {
    const world = await aWorldWithTraffic();
    await wait(1_100);
    const { body } = await world.request("GET", "/api/v2/pipelines/under-test");
    expect(body.stages.map(({ name }: { name: string }) => name)).toEqual([
      "push",
      "json-decode",
      "filter-enabled",
      "segment-event",
      "segment",
    ]);
    expect(body.arrows.map(({ count }: { count: number }) => count)).toEqual([3, 3, 2, 1]);
    expect(body).toMatchObject({
      received: 3,
      delivered: 1,
      dropped: [{ stage: "filter-enabled", reason: "flag-not-enabled", count: 1 }],
      deadLetters: [{ stage: "segment-event", code: "unknown-kind", count: 1 }],
      inFlight: { records: 0, bytes: 0 },
      oldest: null,
      lagMs: 0,
      lanes: [
        { name: world.destination, title: "Test", state: "open", delivered: 1, limit: { events: 900 } },
      ],
    });
    const { body: history } = await world.request("GET", "/api/v2/pipelines/under-test/history");
    expect(history.at.length).toBeGreaterThan(0);
    expect(history.delivered).toHaveLength(history.at.length);
    const { body: recent } = await world.request("GET", "/api/v2/events/recent?outcome=dropped");
    expect(recent).toMatchObject({
      items: [{ kind: "feature", key: "off", eventId: "event-dropped", reason: "flag-not-enabled" }],
      seen: { delivered: 1, dropped: 1, deadLettered: 1 },
    });
  });

  it("shows of a sampled event what came in beside what went out", async () => {
    const world = await aWorldWithTraffic();
    // A sample is taken a few times a second: the one that is taken here is this one.
    await wait(300);
    const record = world.offer(aFeature("on", "side-by-side"));
    await vi.waitFor(() => expect(record.settled).toBe("ack"), soon);
    const { body } = await world.request("GET", "/api/v2/events/recent?outcome=delivered");
    const sent = world.emulator.events().find(({ messageId }) => messageId === body.items[0].messageId)!;
    expect(body.items[0]).toMatchObject({
      pipeline: "under-test",
      outcome: "delivered",
      eventId: "side-by-side",
      destination: world.destination,
      messageId: sent.messageId,
      exportEvent: { project: PROJECT, environment: ENVIRONMENT, event: aFeature("on", "side-by-side") },
      segmentEvent: { messageId: sent.messageId, properties: sent.properties, userId: sent.userId },
    });
    const { body: newer } = await world.request(
      "GET",
      `/api/v2/events/recent?after=${body.items[0].seq}&kind=feature`,
    );
    expect(newer.items).toEqual([]);
  });

  it("streams snapshots, and ends a tap after as many values as were asked for", async () => {
    const world = await aWorldWithTraffic();
    const stop = new AbortController();
    const stream = await fetch(`${world.url}/api/v2/stream`, { signal: stop.signal });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const reader = stream.body!.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    expect(first).toContain("retry: 2000");
    stop.abort();

    const tap = await fetch(
      `${world.url}/api/v2/tap?pipeline=under-test&stage=json-decode&n=1&where=${encodeURIComponent("event.key == 'on'")}`,
    );
    world.offer(aFeature("off", "passed-over"));
    world.offer(aFeature("on", "seen"));
    const said = await text(tap.body!);
    expect(said).toContain('"id":"seen"');
    expect(said).not.toContain("passed-over");
    expect(said).toMatch(/event: end\ndata: .*"sent":1/);
  });

  it("tells in the same stream which lists changed, and how often flags were seen", async () => {
    const world = await aWorldWithTraffic();
    const stop = new AbortController();
    const response = await fetch(`${world.url}/api/v2/stream?events=false`, { signal: stop.signal });
    const heard: { event: string; data: Record<string, unknown> }[] = [];
    const parser = createParser({
      onEvent: ({ event, data }) => heard.push({ event: event ?? "", data: JSON.parse(data) }),
    });
    const changes = () => heard.filter(({ event }) => event === "changes").map(({ data }) => data);
    const decoder = new TextDecoder();
    let step = 0;
    for await (const part of response.body!) {
      parser.feed(decoder.decode(part, { stream: true }));
      const before = changes().at(-1);
      if (step === 0 && before) {
        step = 1;
        await world.create({ name: "Another" });
        world.offer(aFeature("never-seen"));
        world.offer({ ...aFeature("on"), kind: "no-such-kind" });
      }
      const [first, ...later] = changes();
      const isTold = ["destinations", "flags", "deadLetters"].every((topic) =>
        later.some((one) => one[topic] !== first?.[topic]),
      );
      if (isTold && heard.some(({ event }) => event === "flags")) break;
    }
    stop.abort();
    const flags = heard.flatMap(({ event, data }) => (event === "flags" ? data["items"] : []));
    expect(flags).toContainEqual({
      environment: ENVIRONMENT,
      flag: "never-seen",
      delivered: 0,
      dropped: 1,
    });
  });

  it("says what is wrong with a tap before it is opened", async () => {
    const world = await aWorldWithTraffic();
    const ask = async (query: string) => (await world.request("GET", `/api/v2/tap?${query}`)).body;
    expect(await ask("pipeline=other")).toMatchObject({ errors: [{ path: "/pipeline" }] });
    expect((await ask("pipeline=under-test&stage=filter")).message).toContain("there is push, json-decode");
    expect((await ask("pipeline=under-test&where=evnt.key%20==%201")).message).toContain(
      "did you mean event?",
    );
    expect((await ask("pipeline=under-test&stage=push&where=true")).message).toContain(
      "needs decoded events",
    );
  });
});
