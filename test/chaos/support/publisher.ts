// Publishes what the oracle makes, and remembers what was published: the list that everything is judged by.

import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Issued } from "./invariants.ts";
import type { IssuedEvent, Oracle } from "./oracle.ts";
import type { PubSubServer } from "./servers.ts";

/** A publish request of the control port takes a megabyte. */
const PUBLISH_BYTES = 500_000;
const PUBLISH_MESSAGES = 1_000;
const TICK_MS = 50;
/** A steady load waits while so many seconds of it lie with Pub/Sub: a machine that is behind gets no further behind. */
const BACKLOG_SECONDS = 30;
const BACKLOG_LOOK_MS = 1_000;

export class Publisher {
  /** By Pub/Sub message id. */
  readonly issued = new Map<string, Issued>();
  private nextSerial = 0;
  private closed = false;

  constructor(
    private readonly oracle: Oracle,
    private readonly pubsub: PubSubServer,
  ) {}

  /** Of the next event that is published. */
  get serial(): number {
    return this.nextSerial;
  }

  /** A fault decided that this event, already published, must not be delivered. */
  expectDeadLetter(serial: number): void {
    for (const [id, event] of this.issued)
      if (event.serial === serial) this.issued.set(id, { ...event, fate: "dead-lettered", messages: [] });
  }

  /** Publishes the next `n` events of the oracle, or of what `make` makes of their serials. */
  async publish(n: number, make = (serial: number) => this.oracle.event(serial)): Promise<void> {
    let events: IssuedEvent[] = [];
    let bytes = 0;
    for (let i = 0; i < n; i++) {
      const event = make(this.nextSerial++);
      if (bytes + event.body.length > PUBLISH_BYTES || events.length === PUBLISH_MESSAGES) {
        await this.issue(events);
        events = [];
        bytes = 0;
      }
      events.push(event);
      bytes += event.body.length;
    }
    await this.issue(events);
  }

  /** Publishes one that is delivered whatever the mix. */
  async publishGood(): Promise<IssuedEvent> {
    const event = this.oracle.good(this.nextSerial++);
    await this.issue([event]);
    return event;
  }

  /** Publishes at a steady rate until the function it returns is called (and awaited). */
  load(perSecond: number): () => Promise<void> {
    let startedAt = performance.now();
    let published = 0;
    let lookAt = startedAt;
    let over = false;
    const run = async () => {
      while (!over && !this.closed) {
        if (performance.now() > lookAt) {
          const pausedMs = await this.caughtUp(perSecond * BACKLOG_SECONDS, () => over);
          startedAt += pausedMs;
          lookAt = performance.now() + BACKLOG_LOOK_MS;
        }
        const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond) - published;
        // A process that stood still does not make up for it in one go.
        await this.publish(Math.min(due, perSecond));
        published += due;
        await sleep(TICK_MS);
      }
    };
    const running = run();
    return () => {
      over = true;
      return running;
    };
  }

  /** Resolves when less than this waits; yields how long that took, in ms. */
  private async caughtUp(backlog: number, isOver: () => boolean): Promise<number> {
    const startedAt = performance.now();
    while ((await this.pubsub.state()).waiting > backlog && !isOver() && !this.closed)
      await sleep(BACKLOG_LOOK_MS / 4);
    return performance.now() - startedAt;
  }

  close(): void {
    this.closed = true;
  }

  private async issue(events: readonly IssuedEvent[]): Promise<void> {
    if (events.length === 0) return;
    const messages = events.map(({ body, serial }) => ({
      data: body,
      attributes: { serial: String(serial) },
    }));
    const ids = await this.pubsub.publish(messages);
    ids.forEach((id, index) => {
      const { serial, fate, messages: expected, body } = events[index]!;
      this.issued.set(id, { serial, fate, messages: expected, bodyDigest: hash("sha1", body, "base64url") });
    });
  }
}
