import { afterEach, describe, expect, it } from "vitest";

import type { Fixture } from "./fixture.ts";
import { running, stopped } from "./fixture.ts";
import { aMessage, messages } from "./fake-pull.ts";

let fixture: Fixture | undefined;
afterEach(async () => {
  if (fixture) await stopped(fixture);
  fixture = undefined;
});
const start = async (...args: Parameters<typeof running>): Promise<Fixture> => {
  fixture = await running(...args);
  return fixture;
};

describe("what the engine is given", () => {
  it("offers each message with its id, body, attributes, time and attempt", async () => {
    const { fake, engine } = await start();
    fake.call.send(aMessage("7", { data: "hello", attempt: 3, attributes: { a: "1" } }));
    const [record] = engine.records;
    expect(record && { ...record, body: Buffer.from(record.body).toString() }).toMatchObject({
      id: "7",
      body: "hello",
      attributes: { a: "1" },
      publishedAtMs: 1_700_000_000_250,
      attempt: 3,
      writerSchema: undefined,
    });
  });

  it("calls a first delivery attempt 1 whether or not the service counts attempts", async () => {
    const { fake, engine } = await start();
    fake.call.send(aMessage("a", { attempt: 0 }), aMessage("b", { attempt: 1 }));
    expect(engine.records.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});

describe("the first request", () => {
  it("pins the lease and tells the server the bounds, and later requests tell nothing", async () => {
    const { fake, clock } = await start({
      maxMessages: 50,
      maxBytes: 5_000,
      ackDeadlineSeconds: 30,
      keepaliveMs: 20_000,
    });
    expect(fake.call.first).toMatchObject({
      streamAckDeadlineSeconds: 30,
      maxOutstandingMessages: 50,
      maxOutstandingBytes: 5_000,
    });
    await clock.advance(65_000);
    expect(fake.call.keepalives).toBe(3);
  });

  it("names the same client after the stream was opened again", async () => {
    const { fake, clock } = await start();
    fake.call.send(aMessage("a"));
    const { clientId } = fake.call.first;
    fake.call.end(14);
    await clock.advance(1_000);
    expect(fake.calls).toHaveLength(2);
    expect(fake.call.first.clientId).toBe(clientId);
  });
});

describe("back-pressure", () => {
  it("buffers the rest of a response while an offer waits, and goes on in order", async () => {
    const { fake, engine, clock } = await start();
    engine.full = true;
    fake.call.send(...messages(4));
    expect(engine.ids()).toEqual([]);
    engine.letIn("one");
    await clock.advance(0);
    expect(engine.ids()).toEqual(["m0"]);
    engine.letIn("all");
    await clock.advance(0);
    expect(engine.ids()).toEqual(["m0", "m1", "m2", "m3"]);
  });

  it("stops reading at maxMessages and reads on when an acknowledgement is confirmed", async () => {
    const { fake, engine, clock } = await start({ maxMessages: 4 });
    fake.call.send(...messages(3));
    expect(fake.call.paused).toBe(false);
    fake.call.send(aMessage("x"));
    expect(fake.call.paused).toBe(true);
    engine.records[0]?.settle("ack");
    expect(fake.call.paused).toBe(true);
    await clock.advance(100);
    expect(fake.call.paused).toBe(false);
  });

  it("stops reading at maxBytes, counting attributes too", async () => {
    const { fake, engine } = await start({ maxBytes: 100 });
    fake.call.send(aMessage("a", { data: "x".repeat(60), attributes: { name: "y".repeat(35) } }));
    expect(fake.call.paused).toBe(false);
    fake.call.send(aMessage("b", { data: "z" }));
    expect(fake.call.paused).toBe(true);
    engine.records[0]?.settle("ack");
    expect(fake.call.paused).toBe(false);
  });

  it("takes a single message larger than maxBytes", async () => {
    const { fake, engine } = await start({ maxBytes: 10 });
    fake.call.send(aMessage("a", { data: "x".repeat(1_000) }));
    expect(engine.ids()).toEqual(["a"]);
    expect(fake.call.paused).toBe(true);
    engine.settleAll();
    expect(fake.call.paused).toBe(false);
  });

  it("counts unconfirmed acknowledgements, so that failing ones cannot pile up without bound", async () => {
    const { fake, engine, clock, gauges } = await start({ maxMessages: 10 }, (it) => {
      it.ackCode = 7;
    });
    fake.call.send(...messages(10));
    engine.settleAll();
    await clock.advance(5_000);
    expect(fake.call.paused).toBe(true);
    expect(gauges.get("source_outstanding_messages")).toBe(10);
  });

  it("opens no new stream while it is paused: unread messages would lose their lease", async () => {
    const { fake, engine, clock } = await start({ maxMessages: 2 });
    fake.call.send(...messages(2));
    fake.call.end(14);
    await clock.advance(50_000);
    expect(fake.calls).toHaveLength(1);
    engine.settleAll();
    await clock.advance(1_000);
    expect(fake.calls).toHaveLength(2);
  });

  it("acknowledges through a new client even when the old one was dropped while paused", async () => {
    const { fake, engine, clock } = await start({ maxMessages: 2 });
    fake.call.send(...messages(2));
    fake.call.end(16);
    await clock.advance(2_000);
    engine.settleAll();
    await clock.advance(2_000);
    expect(fake.acked).toEqual(["ack-m0", "ack-m1"]);
    expect(fake.calls).toHaveLength(2);
  });

  it("fails the run when the engine refuses an offer", async () => {
    fixture = await running();
    fixture.engine.offer = () => Promise.reject(new Error("a bug"));
    fixture.fake.call.send(aMessage("a"));
    await fixture.running;
    expect(fixture.outcome).toEqual({ error: new Error("a bug") });
  });
});

describe("redeliveries", () => {
  it("does not offer again what is in hand, and acks it with the newest id", async () => {
    const { fake, engine, clock, counts } = await start();
    fake.call.send(aMessage("a", { ackId: "first" }));
    fake.call.send(aMessage("a", { ackId: "second" }), aMessage("a", { ackId: "third" }));
    expect(engine.ids()).toEqual(["a"]);
    engine.settleAll();
    await clock.advance(100);
    expect(fake.acked).toEqual(["third"]);
    expect(counts.get("source_redeliveries_total")).toBe(2);
  });

  it("acks again, without offering it, what was delivered before", async () => {
    const { fake, engine, clock, counts } = await start();
    fake.call.send(aMessage("a", { ackId: "first" }));
    engine.settleAll();
    await clock.advance(100);
    fake.call.send(aMessage("a", { ackId: "second" }));
    await clock.advance(100);
    expect(engine.ids()).toEqual([]);
    expect(fake.acked).toEqual(["first", "second"]);
    expect(counts.get("source_acks_remembered_total")).toBe(1);
  });

  it("offers again what was given back", async () => {
    const { fake, engine, clock } = await start();
    fake.call.send(aMessage("a"));
    engine.settleAll("nack");
    await clock.advance(100);
    fake.call.send(aMessage("a"));
    expect(engine.ids()).toEqual(["a"]);
  });

  it("remembers nothing when rememberAcked is 0", async () => {
    const { fake, engine, clock } = await start({ rememberAcked: 0 });
    fake.call.send(aMessage("a"));
    engine.settleAll();
    await clock.advance(100);
    fake.call.send(aMessage("a"));
    expect(engine.ids()).toEqual(["a"]);
  });
});

describe("stopping", () => {
  it("stops reading, gives back what was not offered, and keeps the leases of what was", async () => {
    const { fake, engine, clock, abort } = await start({ ackDeadlineSeconds: 60 });
    engine.full = true;
    fake.call.send(...messages(3));
    abort.abort();
    await clock.advance(100);
    expect(fake.call.cancelled).toBe(true);
    expect(fake.givenBack).toEqual(["ack-m1", "ack-m2"]);
    engine.letIn("all");
    await clock.advance(50_000);
    expect(fake.extensions().map(({ ackIds }) => ackIds)).toContainEqual(["ack-m0"]);
  });

  it("gives back what arrives after the stop", async () => {
    const { fake, engine, clock, abort } = await start();
    const { call } = fake;
    abort.abort();
    call.ended = false;
    call.send(aMessage("late"));
    await clock.advance(100);
    expect(engine.ids()).toEqual([]);
    expect(fake.givenBack).toEqual(["ack-late"]);
  });

  it("sends what the engine gives back as a deadline of 0 and never remembers it", async () => {
    const { fake, engine, clock, abort } = await start();
    fake.call.send(...messages(2));
    abort.abort();
    engine.settleAll("nack");
    await clock.advance(100);
    expect(fake.givenBack).toEqual(["ack-m0", "ack-m1"]);
    expect(fake.acked).toEqual([]);
  });

  it("close sends the last acknowledgements at once and waits for them", async () => {
    const { fake, engine, clock, abort, source } = await start({ ackBatch: { count: 1_000, ms: 10_000 } });
    fake.call.send(...messages(3));
    abort.abort();
    engine.settleAll();
    await source.close();
    expect(fake.acked).toEqual(["ack-m0", "ack-m1", "ack-m2"]);
    expect(fake.clients.map(({ closed }) => closed)).toEqual([true]);
    expect(clock.pendingTimers).toBe(0);
    fixture = undefined;
  });

  it("close gives up after closeMs, says how many were not confirmed, and leaves nothing open", async () => {
    const { fake, engine, clock, abort, source, log, counts } = await start({ closeMs: 3_000 });
    fake.call.send(...messages(3));
    fake.hold = new Promise(() => {});
    abort.abort();
    engine.settleAll();
    let closed = false;
    const closing = source.close().then(() => {
      closed = true;
    });
    await clock.advance(2_900);
    expect(closed).toBe(false);
    await clock.advance(200);
    await closing;
    expect(counts.get("source_ack_failures_total CLOSED")).toBe(3);
    expect(log.lines.at(-1)).toMatchObject({ level: "warn", fields: { messages: 3 } });
    expect(clock.pendingTimers).toBe(0);
    fixture = undefined;
  });

  it("stops at once while a connection is being made", async () => {
    let release = () => {};
    fixture = await running({}, (fake) => {
      const { connect } = fake;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      Object.assign(fake, { connect: () => gate.then(connect) });
    });
    fixture.abort.abort();
    await fixture.running;
    release();
    await fixture.clock.advance(0);
    expect(fixture.fake.clients.map(({ closed }) => closed)).toEqual([true]);
  });
});
