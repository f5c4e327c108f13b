// Keeps one StreamingPull open for as long as the run lasts.
//
// connecting -> open -> ended -> [reopen: same client | rebuild: new client] after a backoff -> open ...
//                 \-> silent for idleRecycleMs -> connecting; the old one goes when the new one is stable
// While paused nothing is opened: what a server sends on an unread stream is leased, and its lease runs out.
// Failures count from the last stable session. The third in a row rebuilds the client, as do statuses that say
// that this client is wrong; `rebuilds` failed ones in a row fail the run, so that whoever runs us can act.

import { fullJitterMs } from "../../engine/backoff.ts";
import { sleep, type Clock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";
import type { ConnectPull, PullClient, RpcStatus } from "./client.ts";
import { Session } from "./session.ts";
import { codeOf, ruleOf } from "./status.ts";
import type { ReceivedMessage, StreamRequest } from "./wire.ts";

/** Reopens in a row that brought nothing, before the client itself is replaced. */
const REOPENS = 3;
const UNAUTHENTICATED = 16;
/** The first wait is at most a second. */
const FIRST_BASE_MS = 500;

export interface PullStreamOptions {
  readonly connect: ConnectPull;
  readonly first: StreamRequest;
  readonly subscription: string;
  readonly keepaliveMs: number;
  readonly idleRecycleMs: number;
  readonly rebuilds: number;
  readonly maxRetryMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  count(metric: string, n: number, labels: Readonly<Record<string, string>>): void;
  onMessages(list: readonly ReceivedMessage[]): void;
  /** Whether messages can come, or do not because no room is left. */
  onOpen(isOpen: boolean): void;
}

export class PullStream {
  private client_: PullClient | undefined;
  private session: Session | undefined;
  /** Quiet sessions that a newer one is about to replace. */
  private retiring: Session[] = [];
  private paused = false;
  private unpause: (() => void) | undefined;
  private failures = 0;
  private rebuildsInRow = 0;
  /** The status that was last reported; reported again only after a change. */
  private trouble: string | undefined;

  constructor(private readonly options: PullStreamOptions) {}

  /** For acknowledgements; undefined while there is none. */
  get client(): PullClient | undefined {
    return this.client_;
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    for (const session of this.sessions()) session.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    for (const session of this.sessions()) session.resume();
    this.unpause?.();
  }

  /** Resolves when `signal` aborts: nothing is read any more, the client still serves. Rejects with RunError. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.openOnce(signal);
    } finally {
      this.session?.cancel();
      this.retire();
    }
  }

  /** Frees the connection. After `run` is over. */
  close(): void {
    this.client_?.close();
    this.client_ = undefined;
  }

  private sessions(): readonly Session[] {
    return this.session ? [this.session, ...this.retiring] : this.retiring;
  }

  private async openOnce(signal: AbortSignal): Promise<void> {
    const client = this.client_ ?? (await this.connected(signal));
    if (!client) return;
    // Before the pause: acknowledgements need it, and they are what ends the pause.
    this.client_ = client;
    await this.whilePaused(signal);
    if (signal.aborted) return;
    const session = this.openSession(client);
    const end = await orAborted(session.over, signal);
    if (end === undefined) return;
    if (end.kind === "silent") this.replace(session, client);
    else await this.afterEnd(session, end.status, signal);
  }

  private openSession(client: PullClient): Session {
    const { clock, first, keepaliveMs, idleRecycleMs, onMessages } = this.options;
    const session: Session = new Session({
      client,
      clock,
      first,
      keepaliveMs,
      idleRecycleMs,
      onMessages,
      onStable: () => this.onStable(),
    });
    this.session = session;
    if (this.paused) session.pause();
    return session;
  }

  private onStable(): void {
    this.options.onOpen(true);
    this.failures = 0;
    this.rebuildsInRow = 0;
    this.retire();
    if (this.trouble === undefined) return;
    this.trouble = undefined;
    this.options.log.info({ subscription: this.options.subscription }, "receiving from Pub/Sub again");
  }

  /** The connection may only look alive: open a new one, then let the old one go. */
  private replace(session: Session, client: PullClient): void {
    this.options.count("source_client_rebuilds_total", 1, { reason: "idle" });
    this.options.log.debug({ subscription: this.options.subscription }, "idle; replacing the connection");
    this.retiring.push(session);
    this.session = undefined;
    if (this.client_ === client) this.client_ = undefined;
  }

  private retire(): void {
    for (const session of this.retiring.splice(0)) {
      session.cancel();
      session.client.close();
    }
  }

  private async afterEnd(session: Session, status: RpcStatus, signal: AbortSignal): Promise<void> {
    const { name } = ruleOf(status.code);
    this.session = undefined;
    this.options.count("source_stream_restarts_total", 1, { code: name });
    if (session.stable && ruleOf(status.code).stream === "reopen") {
      this.options.log.debug({ code: name, details: status.details }, "stream ended; opening it again");
      return this.wait(signal);
    }
    await this.afterFailure(status, signal);
  }

  private async afterFailure(status: RpcStatus, signal: AbortSignal): Promise<void> {
    this.failures += 1;
    this.options.onOpen(false);
    this.report(status);
    const rule = ruleOf(status.code);
    if (rule.stream === "rebuild" || this.failures > REOPENS) this.dropClient(status);
    await this.wait(signal);
  }

  private dropClient(status: RpcStatus): void {
    const { name } = ruleOf(status.code);
    if (this.rebuildsInRow >= this.options.rebuilds) throw this.givingUp(status);
    this.rebuildsInRow += 1;
    this.options.count("source_client_rebuilds_total", 1, { reason: name });
    this.client_?.close();
    this.client_ = undefined;
  }

  private wait(signal: AbortSignal): Promise<void> {
    const { clock, random, maxRetryMs } = this.options;
    const waitMs = fullJitterMs(this.failures, random, { baseMs: FIRST_BASE_MS, maxMs: maxRetryMs });
    return sleep(clock, waitMs, signal);
  }

  private async connected(signal: AbortSignal): Promise<PullClient | undefined> {
    const connecting = this.options.connect();
    try {
      const client = await orAborted(connecting, signal);
      // Aborted: a client that still comes is closed, and a failure is nobody's concern any more.
      if (!client) connecting.then((late) => late.close()).catch(() => {});
      return client;
    } catch (thrown) {
      const status = { code: codeOf(thrown) ?? UNAUTHENTICATED, details: toError(thrown).message };
      await this.afterFailure(status, signal);
      return undefined;
    }
  }

  private report(status: RpcStatus): void {
    const { name, remedy } = ruleOf(status.code);
    if (this.trouble === name) return;
    this.trouble = name;
    const { subscription } = this.options;
    const fields = { subscription, code: name, details: shortened(status.details), remedy };
    this.options.log.warn(fields, "cannot receive from Pub/Sub; trying again");
  }

  private givingUp(status: RpcStatus): RunError {
    const { name, remedy } = ruleOf(status.code);
    const { subscription, rebuilds } = this.options;
    const advice = remedy === undefined ? "" : `; ${remedy}`;
    return new RunError(
      `pubsub-${name.toLowerCase().replaceAll("_", "-")}`,
      `${subscription}: ${name} (${shortened(status.details)}) from ${rebuilds + 1} connections in a row${advice}`,
    );
  }

  private whilePaused(signal: AbortSignal): Promise<void> {
    if (!this.paused || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = () => {
        this.unpause = undefined;
        signal.removeEventListener("abort", go);
        resolve();
      };
      this.unpause = go;
      signal.addEventListener("abort", go, { once: true });
    });
  }
}

/** The promise's value, or undefined as soon as `signal` aborts. Leaves no listener behind. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
