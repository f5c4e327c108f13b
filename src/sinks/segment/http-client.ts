// One POST at a time per call, over kept-alive connections.
//
// Each lane has a pool of its own, so that a slow destination takes no connection from another, even on the same
// host. States of a pool: absent -> fresh (first use) -> retired (too old, or a row of failures) -> closed.
// Retiring is how DNS is resolved again: a connection under steady load would otherwise keep its address for
// ever. A retired pool takes nothing new, ends what is under way, and closes; the next request opens another.
//
// Traps this file answers:
// - undici's timeouts are between events only, so a dripping answer is read for ever: one total deadline.
// - AbortSignal.any and a listener per request on the run's signal leak: one controller a request, and the
//   listener is removed in `finally`.
// - `fetch` follows a 307 and sends the body and the key again; `Pool.request` follows nothing.

import { Pool } from "undici";

import type { Clock } from "../../engine/clock.ts";
import type { Reach } from "../../engine/reach.ts";
import { guardedLookup } from "./endpoint-rules.ts";
import { readExcerpt } from "./response-body.ts";
import { DeadlineError, StoppedError } from "./network-fault.ts";

export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

export interface Answer {
  readonly status: number;
  /** Names in lower case; a repeated header keeps its first value. */
  readonly headers: AnswerHeaders;
  /** The beginning of the body, at most EXCERPT_BYTES; empty when it did not come. */
  readonly excerpt: string;
}

export interface Post {
  readonly lane: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Set: connect to no other than public addresses and these. */
  readonly reach?: Reach | undefined;
}

/** What a sink needs of it: tests of pipelines put a script in its place. */
export interface Poster {
  post(request: Post, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** From the call to the status line: waiting for a connection, sending, and waiting for the answer. */
  readonly timeoutMs: number;
  /** Most connections of a lane. Without a bound undici opens one more whenever another was freed just now. */
  readonly concurrency: number;
  /** Pools older than this are replaced, so that DNS is asked again. */
  readonly connectionTtlMs: number;
}

// Segment asks senders to look its address up again when errors persist.
const FAILURES_TO_RETIRE = 5;
const IDLE_SOCKET_MS = 10_000;

interface Entry {
  readonly key: string;
  readonly pool: Pool;
  readonly bornMs: number;
  failuresInARow: number;
}

export class HttpClient implements Poster {
  private readonly fresh = new Map<string, Entry>();
  private readonly retired = new Set<Pool>();

  constructor(
    private readonly clock: Clock,
    private readonly options: HttpClientOptions,
  ) {}

  /**
   * One attempt. Rejects with DeadlineError, StoppedError, or the network's own error; a status, whatever it
   * is, resolves, even when the body after it is cut, garbled or never ends.
   */
  async post(request: Post, signal: AbortSignal): Promise<Answer> {
    if (signal.aborted) throw new StoppedError();
    const entry = this.entryFor(request);
    const controller = new AbortController();
    const stop = () => controller.abort(new StoppedError());
    const { timeoutMs } = this.options;
    const cancelDeadline = this.clock.after(timeoutMs, () => controller.abort(new DeadlineError(timeoutMs)));
    signal.addEventListener("abort", stop, { once: true });
    try {
      const response = await entry.pool.request({
        method: "POST",
        path: request.path,
        headers: request.headers,
        body: request.body,
        signal: controller.signal,
      });
      if (response.statusCode >= 500) this.failed(entry);
      else entry.failuresInARow = 0;
      const excerpt = await readExcerpt(response.body, this.clock);
      return { status: response.statusCode, headers: flat(response.headers), excerpt };
    } catch (error) {
      if (!signal.aborted) this.failed(entry);
      throw error;
    } finally {
      cancelDeadline();
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends everything at once; a request still under way rejects. */
  async close(): Promise<void> {
    const pools = [...this.retired, ...[...this.fresh.values()].map((entry) => entry.pool)];
    this.fresh.clear();
    this.retired.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private entryFor({ lane, origin, reach }: Post): Entry {
    const key = `${lane} ${origin} ${reach ? "guarded" : ""}`;
    const known = this.fresh.get(key);
    if (known && this.clock.nowMs() - known.bornMs < this.options.connectionTtlMs) return known;
    if (known) this.retire(known);
    const entry: Entry = {
      key,
      pool: new Pool(origin, {
        connections: this.options.concurrency,
        pipelining: 1,
        keepAliveTimeout: IDLE_SOCKET_MS,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: {
          timeout: this.options.timeoutMs,
          ...(reach ? { lookup: guardedLookup(reach) } : {}),
        },
      }),
      bornMs: this.clock.nowMs(),
      failuresInARow: 0,
    };
    this.fresh.set(key, entry);
    return entry;
  }

  private failed(entry: Entry): void {
    entry.failuresInARow++;
    if (entry.failuresInARow >= FAILURES_TO_RETIRE && this.fresh.get(entry.key) === entry) this.retire(entry);
  }

  private retire(entry: Entry): void {
    this.fresh.delete(entry.key);
    this.retired.add(entry.pool);
    const forget = () => void this.retired.delete(entry.pool);
    // It rejects only when it was destroyed meanwhile, by `close`: then it is gone as well.
    entry.pool.close().then(forget, forget);
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): AnswerHeaders {
  const single: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) single[name] = Array.isArray(value) ? value[0] : value;
  return single;
}
