// The faults now in force. Each RPC fault counts and times itself out; a call meets the first that applies for a
// status, and the latencies of all that apply.

import type { Clock } from "../../engine/clock.ts";
import { checkedScript, type FaultScript, type RpcFault, type StreamFaults } from "./fault-script.ts";
import { RpcError, type StatusName } from "./rpc-error.ts";

interface Active {
  readonly fault: RpcFault;
  readonly untilMs: number;
  left: number;
}

/** What is to become of one call. */
export interface Verdict {
  readonly delayMs: number;
  readonly refuse: RpcError | undefined;
  readonly when: "before" | "after";
  readonly noReply: boolean;
}

const unharmed: Verdict = { delayMs: 0, refuse: undefined, when: "before", noReply: false };

export class Faults {
  /** Read by streams and subscriptions as they work. Replace it through `apply` or `setStreams`. */
  streams: StreamFaults = {};
  private active: Active[] = [];
  private readonly listeners = new Set<() => void>();
  private met = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** Calls that a status or a missing reply was given to. */
  get injected(): number {
    return this.met;
  }

  /** Replaces everything in force. Throws INVALID_ARGUMENT for a malformed script. */
  apply(script: FaultScript): void {
    const { rpcs = [], streams = {} } = checkedScript(script);
    this.active = [];
    for (const fault of rpcs) this.add(fault);
    this.setStreams(streams, { replace: true });
  }

  clear(): void {
    this.apply({});
  }

  /** Adds one fault; yields what removes it. `fail({ rpc: "Acknowledge", status: "INTERNAL", times: 1 })`. */
  fail(fault: RpcFault): () => void {
    checkedScript({ rpcs: [fault] });
    return this.add(fault);
  }

  /** Changes only what is named. */
  setStreams(streams: StreamFaults, { replace = false } = {}): void {
    checkedScript({ streams });
    this.streams = replace ? { ...streams } : { ...this.streams, ...streams };
    for (const listener of this.listeners) listener();
  }

  onStreamsChanged(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  current(): FaultScript {
    return {
      rpcs: this.active.filter((a) => this.holds(a)).map(({ fault }) => fault),
      streams: this.streams,
    };
  }

  /** Judges one call, and counts it against the faults that it meets. */
  judge(rpc: string): Verdict {
    if (this.active.length === 0) return unharmed;
    this.active = this.active.filter((a) => this.holds(a));
    let verdict = unharmed;
    for (const active of this.active) {
      const { fault } = active;
      if (fault.rpc !== rpc && fault.rpc !== "*") continue;
      if (this.random() >= (fault.probability ?? 1)) continue;
      const decided = verdict.refuse !== undefined || verdict.noReply;
      const decides = fault.status !== undefined || fault.noReply === true;
      if (decided && decides) continue;
      active.left--;
      verdict = this.worse(verdict, fault);
    }
    if (verdict.refuse || verdict.noReply) this.met++;
    return verdict;
  }

  private worse(verdict: Verdict, fault: RpcFault): Verdict {
    const delayMs =
      verdict.delayMs + (fault.latencyMs ?? 0) + Math.floor(this.random() * (fault.latencyJitterMs ?? 0));
    if (fault.status === undefined && !fault.noReply) return { ...verdict, delayMs };
    return {
      delayMs,
      refuse: fault.status ? refusal(fault.rpc, fault.status, fault.message) : undefined,
      when: fault.when ?? "before",
      noReply: fault.noReply ?? false,
    };
  }

  private add(fault: RpcFault): () => void {
    const untilMs = this.clock.nowMs() + (fault.forMs ?? Number.POSITIVE_INFINITY);
    const active: Active = { fault, untilMs, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.active.push(active);
    return () => {
      this.active = this.active.filter((other) => other !== active);
    };
  }

  private holds({ untilMs, left }: Active): boolean {
    return left > 0 && this.clock.nowMs() < untilMs;
  }
}

function refusal(rpc: string, status: StatusName, message: string | undefined): RpcError {
  return new RpcError(status, message ?? `Scripted fault (${rpc}).`);
}
