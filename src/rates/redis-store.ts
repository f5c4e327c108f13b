// Rates kept in Redis or Valkey. One connection a process; the client makes it again by itself, and while there is
// none a question fails at once, so that the limiter falls back to its share.

import { type Clock, systemClock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { acquireScript, aliveScript } from "./acquire-script.ts";
import { KeysInUse } from "./keys-in-use.ts";
import type { Answer, Ask, RateStore } from "./rate-store.ts";
import { connectRedis, type RedisConnection, runScript, type Script, scriptOf } from "./redis-connection.ts";
import { ALIVE_MS, GATHER_MS, scriptRules, SECOND_MS } from "./rules.ts";

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, with user and password where the server asks for them. */
  readonly url: string;
  /** Begins every key, so that several installations may use one server. */
  readonly prefix?: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

const ANSWER_MS = 250;
const rules = scriptRules.join(" ");

const acquire = scriptOf(acquireScript);
const alive = scriptOf(aliveScript);

export class RedisStore implements RateStore {
  private readonly client: RedisConnection;
  private readonly keys = new KeysInUse();
  private readonly clock: Clock;
  private cancelTimer = () => {};
  private readonly prefix: string;

  constructor({ url, prefix = "sluice", log, clock = systemClock }: RedisStoreOptions) {
    this.prefix = prefix;
    this.clock = clock;
    this.client = connectRedis({ url, log, what: "rate store", code: "rate-store-lost" });
    this.beat();
  }

  async ask(ask: Ask, nowMs?: number): Promise<Answer> {
    this.keys.use(ask.key, this.clock.nowMs());
    const { rates, returned } = ask;
    const parts = [
      rules,
      numbers(rates.events, rates.requests, rates.bytes),
      numbers(ask.events, ask.bytes, ask.leastBytes),
      ask.priority,
      numbers(ask.lateMs, ask.heldMs),
      returned ? numbers(Number(returned.id), returned.events, returned.bytes, returned.earlyMs) : "",
      ask.rejoins ? "1" : "",
      nowMs === undefined ? "" : String(nowMs),
      numbers(...ask.answered.flatMap(({ id, lateMs }) => [Number(id), lateMs])),
    ];
    const name = this.nameOf(ask.key);
    const reply = await this.run(acquire, [name, `${name}:log`, `${name}:grants`], parts);
    return answerOf(reply);
  }

  /** Takes its own time in tests only. */
  async alive(nowMs?: number): Promise<void> {
    const names = this.keys.at(this.clock.nowMs()).map((key) => this.nameOf(key));
    if (names.length === 0) return;
    const now = nowMs === undefined ? "" : String(nowMs);
    await this.run(alive, names, [String(SECOND_MS), String(GATHER_MS), now]);
  }

  close(): Promise<void> {
    this.cancelTimer();
    this.client.destroy();
    return Promise.resolve();
  }

  private beat(): void {
    this.cancelTimer = this.clock.after(ALIVE_MS, () => {
      this.beat();
      void this.sayAlive();
    });
  }

  private async sayAlive(): Promise<void> {
    try {
      await this.alive();
    } catch {
      // The next question to the store fails too, and tells the limiter.
    }
  }

  /** The braces make the three keys of a rate live on one node of a cluster. */
  private nameOf(key: string): string {
    return `${this.prefix}:rate:{${key}}`;
  }

  private run(script: Script, keys: string[], parts: string[]): Promise<unknown> {
    return runScript(this.client, script, keys, parts, ANSWER_MS);
  }
}

function numbers(...list: number[]): string {
  return list.map((one) => (one === Number.POSITIVE_INFINITY ? "inf" : String(one))).join(" ");
}

function answerOf(reply: unknown): Answer {
  if (!Array.isArray(reply)) throw new Error("the rate store gave an answer of another shape");
  const [kind, first, events, bytes] = reply.map(String);
  if (kind === "granted" && first !== undefined)
    return { kind, id: first, events: Number(events), bytes: Number(bytes) };
  if (kind === "wait" || kind === "gather") return { kind, ms: Number(first) };
  throw new Error("the rate store gave an answer of another kind");
}
