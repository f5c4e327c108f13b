// Delivered marks in Redis or Valkey: a set of short digests for each destination and each quarter of the time they are
// kept, so that what is over goes as a whole. README of the numbers: 14 bytes an id fit the server's smallest string of
// 16; two events in 2^56 would have to meet before one is lost by it.
//
//   asking --(no answer in time, no connection)--> away for a second: nobody is asked, events are sent without
//     ^------------------------------------------------'
//
// Notes are tried all the while, as nothing waits for them but the end of the run.

import { hash } from "node:crypto";

import type { Clock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { toError } from "../engine/errors.ts";
import {
  connectRedis,
  type RedisConnection,
  runScript,
  type Script,
  scriptOf,
} from "../rates/redis-connection.ts";
import type { DeliveredMarks } from "./delivered-marks.ts";

export interface RedisMarksOptions {
  readonly url: string;
  /** Begins every key, so that several installations may use one server. */
  readonly prefix: string;
  /** At least so long they are kept, and at most a quarter longer. */
  readonly keepMs: number;
  readonly log: Logger;
  readonly clock: Clock;
}

/** KEYS the sets, ARGV digests. Yields the places, from 1, of those that are in any of the sets: mostly none. */
const look = scriptOf(`
local found = {}
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    for place, is in ipairs(redis.call('SMISMEMBER', key, unpack(ARGV))) do
      if is == 1 then found[#found + 1] = place end
    end
  end
end
return found
`);

/** KEYS the set, ARGV how long it lives from now, in ms, and the digests. */
const note = scriptOf(`
redis.call('SADD', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`);

/** A write waits no longer for an answer than the network makes it wait anyway. */
const ANSWER_MS = 50;
/** Of a note. */
const KEPT_MS = 1_000;
/** A server that swallows notes is not given more than these at once. */
const MOST_NOTES = 1_000;
const AWAY_MS = 1_000;
const QUARTERS = 4;
const DIGEST_BYTES = 14;

export class RedisMarks implements DeliveredMarks {
  private readonly client: RedisConnection;
  private readonly quarterMs: number;
  private awayUntilMs = Number.NEGATIVE_INFINITY;
  private saidAway = false;
  private readonly notes = new Set<Promise<boolean>>();

  constructor(private readonly options: RedisMarksOptions) {
    const { url, log, keepMs } = options;
    this.quarterMs = Math.ceil(keepMs / QUARTERS);
    this.client = connectRedis({ url, log, what: "store of delivered marks", code: "marks-lost" });
  }

  async known(lane: string, ids: readonly string[]): Promise<readonly boolean[] | undefined> {
    const newest = this.quarter();
    // One more: the clock of another process may be ahead.
    const keys = Array.from({ length: QUARTERS + 2 }, (_, back) => this.keyOf(lane, newest + 1 - back));
    if (this.options.clock.nowMs() < this.awayUntilMs) return undefined;
    const reply = await this.ask(look, keys, ids.map(digestOf), ANSWER_MS);
    if (!Array.isArray(reply)) return undefined;
    const found = new Set(reply.map(Number));
    return ids.map((_, index) => found.has(index + 1));
  }

  add(lane: string, ids: readonly string[]): Promise<boolean> {
    if (this.notes.size >= MOST_NOTES) return Promise.resolve(false);
    const note = this.note(lane, ids).finally(() => this.notes.delete(note));
    this.notes.add(note);
    return note;
  }

  /** Waits for what is being noted: a run that ends leaves a mark of all that it delivered. */
  async close(): Promise<void> {
    await Promise.all(this.notes);
    this.client.destroy();
  }

  private async note(lane: string, ids: readonly string[]): Promise<boolean> {
    const lifeMs = this.quarterMs * (QUARTERS + 1);
    const keys = [this.keyOf(lane, this.quarter())];
    return (await this.ask(note, keys, [String(lifeMs), ...ids.map(digestOf)], KEPT_MS)) !== undefined;
  }

  /** Undefined: no answer. */
  private async ask(
    script: Script,
    keys: string[],
    parts: (string | Buffer)[],
    answerMs: number,
  ): Promise<unknown> {
    const { clock, log } = this.options;
    try {
      const reply = await runScript(this.client, script, keys, parts, answerMs);
      this.saidAway = false;
      return reply;
    } catch (error) {
      this.awayUntilMs = clock.nowMs() + AWAY_MS;
      if (!this.saidAway)
        log.warn(
          { code: "marks-lost", reason: toError(error).message },
          "delivered marks are not looked at: what was sent before a crash may be sent again",
        );
      this.saidAway = true;
      return undefined;
    }
  }

  private quarter(): number {
    return Math.floor(this.options.clock.wallMs() / this.quarterMs);
  }

  /** The braces make all sets of a destination live on one node of a cluster. */
  private keyOf(lane: string, quarter: number): string {
    return `${this.options.prefix}:marks:{${lane}}:${quarter}`;
  }
}

function digestOf(id: string): Buffer {
  return hash("sha256", id, "buffer").subarray(0, DIGEST_BYTES);
}
