// What becomes of data that will never be good: one line in a durable place, and only then the ack.
//
// Letters that wait are written together; one write is under way at a time. A write that fails (disk full, topic gone)
// is held and tried again for as long as the run lasts: the records stay unacked and the full ledger pushes back
// on the source. A window stops the run when too much is being dead-lettered: a schema change must not empty a
// topic into a file.

import { defaultBackoff, fullJitterMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { Encoded, Logger, Origin, Sink } from "./contracts.ts";
import { RunError, SinkFault } from "./errors.ts";
import type { Metrics } from "./metrics.ts";

export interface DeadLetter {
  readonly id: string;
  readonly pipeline: string;
  readonly configVersion: string;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly attempt: number;
  /** How often the event had been redriven when it failed this time; absent: never. */
  readonly redrives?: number;
  /** ISO 8601; absent when the source does not know. */
  readonly publishedAt?: string;
  readonly failedAt: string;
  readonly destination?: string;
  /** The one sink that misses it, in a pipeline of several; absent: all of them. */
  readonly sink?: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The writer schema's JSON text, when the body is a bare Avro datum. */
  readonly writerSchema?: string;
  /** Base64 of the raw body, exactly as received. */
  readonly body: string;
}

export interface DeadLetterContext {
  readonly pipeline: string;
  readonly configVersion: string;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly window: DeadLetterWindow;
  /** Called once when the window fills. */
  readonly onDrowning: (error: RunError) => void;
  /** Something that is neither weather nor configuration went wrong in the dead-letter sink. */
  readonly onBug: (error: unknown) => void;
  readonly onWritten?: ((letter: DeadLetter) => void) | undefined;
}

/** Longest wait before the next try to write, in ms: everything is held until it works. */
const MAX_RETRY_MS = 5_000;
/** The same once the run ends. */
const DRAIN_RETRY_MS = 1_000;

interface Pending {
  readonly item: Encoded<DeadLetter>;
  readonly done: () => void;
}

export interface Rejection {
  readonly origin: Origin;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
  readonly destination?: string | undefined;
  readonly sink?: string | undefined;
  /** See `SinkFault.isDeliberate`. */
  readonly isDeliberate?: boolean;
}

export class DeadLetters {
  private waiting: Pending[] = [];
  private writing = false;
  private failures = 0;
  private stopped = false;
  private draining = false;
  private cancelRetry: () => void = () => {};
  private readonly abort = new AbortController();

  constructor(private readonly context: DeadLetterContext) {}

  /** `done` is called after the letter is durable: only then may the record be acked. */
  add(rejection: Rejection, done: () => void): void {
    const letter = this.letter(rejection);
    const text = this.context.sink.encode(letter);
    const item = { value: letter, text, bytes: Buffer.byteLength(text), origin: rejection.origin };
    this.waiting.push({ item, done });
    if (!rejection.isDeliberate && this.context.window.dead()) {
      this.context.onDrowning(
        new RunError("dead-letter-window", this.context.window.message(rejection.code, rejection.message)),
      );
    }
    if (!this.writing && this.failures === 0) void this.writeAll();
  }

  get pending(): number {
    return this.waiting.length;
  }

  /** Time is short now: what waits is tried at once, and no wait is long. */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    if (this.writing || this.stopped || this.waiting.length === 0) return;
    this.cancelRetry();
    void this.writeAll();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry();
    this.abort.abort();
  }

  private async writeAll(): Promise<void> {
    this.writing = true;
    try {
      while (this.waiting.length > 0 && !this.stopped) {
        const batch = this.take();
        if (!(await this.writeOne(batch))) break;
      }
    } catch (error) {
      this.context.onBug(error);
    } finally {
      this.writing = false;
    }
  }

  private take(): Pending[] {
    const { count, bytes, envelopeBytes, separatorBytes } = this.context.sink.limits;
    let size = envelopeBytes;
    let n = 0;
    while (n < this.waiting.length && n < count) {
      size += this.waiting[n]!.item.bytes + separatorBytes;
      if (n > 0 && size > bytes) break;
      n += 1;
    }
    return this.waiting.slice(0, n);
  }

  /** True when the batch is durable. On weather it stays at the head of the queue and a retry is due. */
  private async writeOne(batch: readonly Pending[]): Promise<boolean> {
    const { sink, metrics, log } = this.context;
    try {
      const items = batch.map((pending) => pending.item);
      const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
      const faults = await sink.write({ lane: "dead-letters", items, bytes, attempt: 1 }, this.abort.signal);
      const fault = faults?.find((one) => one !== null);
      if (fault) throw fault;
    } catch (error) {
      if (this.stopped) return false;
      if (!(error instanceof SinkFault)) throw error;
      this.failures += 1;
      metrics.count("dead_letter_write_failures_total", 1);
      metrics.set("dead_letters_blocked", 1);
      if (this.failures === 1) {
        log.error({ code: error.code, err: error }, "dead letters cannot be written; held, nothing is acked");
      }
      this.retryLater();
      return false;
    }
    if (this.failures > 0) log.info({ failures: this.failures }, "dead letters can be written again");
    this.failures = 0;
    metrics.set("dead_letters_blocked", 0);
    this.waiting.splice(0, batch.length);
    for (const { item, done } of batch) {
      metrics.count("dead_letters_bytes_total", item.bytes);
      metrics.count("dead_letters_total", 1, { stage: item.value.stage, code: item.value.code });
      this.context.onWritten?.(item.value);
      done();
    }
    return true;
  }

  private retryLater(): void {
    const longest = this.draining ? DRAIN_RETRY_MS : MAX_RETRY_MS;
    const wait = fullJitterMs(this.failures, this.context.random, { ...defaultBackoff, maxMs: longest });
    this.cancelRetry = this.context.clock.after(wait, () => {
      if (!this.stopped && !this.writing) void this.writeAll();
    });
  }

  private letter(rejection: Rejection): DeadLetter {
    const { origin } = rejection;
    return {
      id: origin.id,
      pipeline: this.context.pipeline,
      configVersion: this.context.configVersion,
      stage: rejection.stage,
      code: rejection.code,
      message: rejection.message,
      attempt: origin.attempt,
      ...(origin.redrives === undefined ? {} : { redrives: origin.redrives }),
      ...(origin.publishedAtMs > 0 ? { publishedAt: new Date(origin.publishedAtMs).toISOString() } : {}),
      failedAt: new Date(this.context.clock.wallMs()).toISOString(),
      ...(rejection.destination === undefined ? {} : { destination: rejection.destination }),
      ...(rejection.sink === undefined ? {} : { sink: rejection.sink }),
      attributes: origin.attributes,
      ...(origin.writerSchema === undefined ? {} : { writerSchema: origin.writerSchema.json }),
      body: Buffer.from(origin.body.buffer, origin.body.byteOffset, origin.body.byteLength).toString(
        "base64",
      ),
    };
  }
}

/** Remembers the last `size` outcomes; full when more than `max` of them were dead letters. */
export class DeadLetterWindow {
  private readonly ring: Uint8Array;
  private at = 0;
  private deadInRing = 0;
  private tripped = false;

  constructor(
    size: number,
    private readonly max: number,
  ) {
    this.ring = new Uint8Array(Math.max(1, size));
  }

  good(n: number): void {
    for (let i = Math.min(n, this.ring.length); i > 0; i--) this.put(0);
  }

  /** True exactly once: when this dead letter fills the window. */
  dead(): boolean {
    this.put(1);
    if (this.tripped || this.deadInRing <= this.max) return false;
    this.tripped = true;
    return true;
  }

  message(code: string, example: string): string {
    return (
      `${this.deadInRing} of the last ${this.ring.length} values were dead-lettered (limit ${this.max}), the last with ` +
      `${code}: ${example}. Stopped so that the rest stays where it is; mend the pipeline or the schema and start again.`
    );
  }

  private put(dead: 0 | 1): void {
    this.deadInRing += dead - this.ring[this.at]!;
    this.ring[this.at] = dead;
    this.at = (this.at + 1) % this.ring.length;
  }
}
