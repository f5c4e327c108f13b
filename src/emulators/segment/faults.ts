// Scripted misbehaviour. Rules are asked in the order they were added; the first that applies is played. Rules
// are plain JSON, so that a test in another process can send them to the control endpoint.

import type { Clock } from "../../engine/clock.ts";

export type FaultAction =
  /** Answers as usual; of use with `delayMs`. */
  | { readonly kind: "answer" }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
  /** Reads the request and never answers. */
  | { readonly kind: "never" }
  /** Sends the status line and headers a byte at a time, without end. */
  | { readonly kind: "slow-headers"; readonly everyMs?: number }
  /** Sends status and headers, then a body a byte at a time, without end. */
  | { readonly kind: "drip"; readonly status?: number; readonly everyMs?: number }
  /** Sends status, headers and a part of the announced body, then cuts the connection. */
  | { readonly kind: "cut"; readonly status?: number }
  /** A body that is not what its headers say. */
  | { readonly kind: "garbage-body"; readonly status?: number }
  /** Bytes that are not HTTP. */
  | { readonly kind: "garbage" }
  /** Resets the connection before the request's body is read. */
  | { readonly kind: "reset-before-body" }
  /** Resets it after the whole body was read: the sender cannot know what became of it. */
  | { readonly kind: "reset-after-body" };

export interface FaultRule {
  readonly action: FaultAction;
  /** How many requests it applies to; default: until it is removed. */
  readonly count?: number;
  /** How often it applies, 0 to 100; default 100. */
  readonly percent?: number;
  /** How long it stays, from when it was added. */
  readonly forMs?: number;
  /** Waits before the action. */
  readonly delayMs?: number;
  /** Whether the events are taken all the same ("took it, then failed"). Default: if the action answers 2xx. */
  readonly accept?: boolean;
  /** All given conditions must hold. `bodyIncludes` is looked for in the request's text. */
  readonly match?: { readonly path?: string; readonly writeKey?: string; readonly bodyIncludes?: string };
}

/** What a rule is matched with. Absent before the body was read: only "reset-before-body" is asked then. */
export interface FaultSubject {
  readonly path: string;
  readonly writeKey?: string | undefined;
  readonly body?: Buffer;
}

interface Scripted {
  readonly rule: FaultRule;
  readonly untilMs: number;
  left: number;
}

export class FaultScript {
  private rules: Scripted[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** Returns a function that takes the rule away again. */
  add(rule: FaultRule): () => void {
    const scripted: Scripted = {
      rule,
      untilMs: this.clock.nowMs() + (rule.forMs ?? Number.POSITIVE_INFINITY),
      left: rule.count ?? Number.POSITIVE_INFINITY,
    };
    this.rules.push(scripted);
    return () => {
      this.rules = this.rules.filter((other) => other !== scripted);
    };
  }

  clear(): void {
    this.rules = [];
  }

  /** How many rules can still be played. */
  get size(): number {
    this.forgetSpent();
    return this.rules.length;
  }

  /** The rule to play for this request, if any; counts it. */
  pick(subject: FaultSubject): FaultRule | undefined {
    this.forgetSpent();
    const beforeBody = subject.body === undefined;
    for (const scripted of this.rules) {
      const { rule } = scripted;
      if ((rule.action.kind === "reset-before-body") !== beforeBody || !matches(rule, subject)) continue;
      if (this.random() * 100 >= (rule.percent ?? 100)) continue;
      scripted.left--;
      return rule;
    }
    return undefined;
  }

  private forgetSpent(): void {
    const nowMs = this.clock.nowMs();
    this.rules = this.rules.filter(({ untilMs, left }) => nowMs < untilMs && left > 0);
  }
}

/** Whether the events behind a fault count as taken. */
export function accepts({ action, accept }: FaultRule): boolean {
  if (accept !== undefined) return accept;
  switch (action.kind) {
    case "answer":
      return true;
    case "status":
      return action.status >= 200 && action.status < 300;
    case "drip":
    case "cut":
    case "garbage-body":
      return (action.status ?? 200) >= 200 && (action.status ?? 200) < 300;
    default:
      return false;
  }
}

function matches({ match }: FaultRule, subject: FaultSubject): boolean {
  if (match?.path !== undefined && match.path !== subject.path) return false;
  if (match?.writeKey !== undefined && match.writeKey !== subject.writeKey) return false;
  return match?.bodyIncludes === undefined || (subject.body?.includes(match.bodyIncludes) ?? false);
}
