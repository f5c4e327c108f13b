// The rates of several processes of one machine, kept in their supervisor. `acquire-script.ts` is the same in Redis; a
// test holds both to the same answers.
//
// Per rate: a log of what was granted (each entry counts until `SECOND_MS` and its own lateness are over, and longer until
// it is known to have been answered) keeps every sliding second within the rate, and a bucket of tokens paces. A rate that is new, or that somebody may have used
// without the store (nobody was heard of for a second), first gathers everybody, then lets one second pass unused,
// then grants.

import type { Rates } from "../engine/contracts.ts";
import type { Answer, AnsweredGrant, Ask, Returned } from "./rate-store.ts";
import {
  ASK_AGAIN_MS,
  BACKFILL_LEAST,
  BACKFILL_REQUESTS,
  BACKFILL_SECONDS,
  BURST_SECONDS,
  FORGET_MS,
  GATHER_MS,
  LEAST_SECONDS,
  LOOK_AT,
  REQUEST_BURST_SECONDS,
  RESERVE,
  RETURN_MS,
  SECOND_MS,
} from "./rules.ts";

interface Entry {
  readonly id: string;
  events: number;
  bytes: number;
  untilMs: number;
  /** Of `untilMs`: the part that ends with the answer. */
  heldMs: number;
}

interface Amounts {
  events: number;
  requests: number;
  bytes: number;
}

interface State {
  seenAtMs: number;
  /** Grants begin a second after it. */
  openAtMs: number;
  filledAtMs: number;
  tokens: Amounts;
  used: Amounts;
  /** In order of `untilMs`. */
  log: Entry[];
  liveWaitsUntilMs: number;
  backfillAtMs: number;
  /** Of the requests, what live traffic leaves to a backfill: up to one. */
  kept: number;
}

const dimensions = ["events", "requests", "bytes"] as const;

export class RateTable {
  private readonly states = new Map<string, State>();
  private grants = 0;
  private sweptAtMs = 0;

  ask(ask: Ask, nowMs: number): Answer {
    this.sweep(nowMs);
    const state = this.stateOf(ask, nowMs);
    if (nowMs < state.openAtMs) return { kind: "gather", ms: state.openAtMs - nowMs };
    const opensMs = state.openAtMs + SECOND_MS;
    if (nowMs < opensMs) return { kind: "wait", ms: opensMs - nowMs };
    for (const answered of ask.answered) release(state, answered);
    expire(state, nowMs);
    if (ask.returned) takeBack(state, ask.returned);
    fill(state, ask, nowMs);
    if (ask.priority === "backfill" && nowMs < state.liveWaitsUntilMs) {
      return { kind: "wait", ms: state.liveWaitsUntilMs - nowMs };
    }
    const waits = waitsOf(state, ask, nowMs);
    const waitMs = Math.max(waits.events, waits.requests, waits.bytes);
    if (waitMs <= 0) return this.grant(state, ask, nowMs);
    // Of the requests a backfill has its own part.
    const isFirst = ask.priority === "live" && Math.max(waits.events, waits.bytes) > 0;
    if (isFirst) state.liveWaitsUntilMs = nowMs + waitMs + RETURN_MS;
    return { kind: "wait", ms: waitMs };
  }

  /** A process still uses these rates, though it has nothing to send. */
  alive(keys: Iterable<string>, nowMs: number): void {
    for (const key of keys) {
      const state = this.states.get(key);
      if (state) see(state, false, nowMs);
    }
  }

  private grant(state: State, ask: Ask, nowMs: number): Answer {
    const room = roomOf(state, ask);
    const events = Math.min(ask.events, Math.floor(room.events + 1e-9));
    const part = ask.leastBytes + Math.ceil((ask.bytes - ask.leastBytes) * (events / ask.events));
    const bytes = Math.min(part, Math.floor(room.bytes + 1e-9));
    this.grants += 1;
    const { lateMs, heldMs } = ask;
    const untilMs = nowMs + SECOND_MS + lateMs + heldMs;
    const entry = { id: String(this.grants), events, bytes, untilMs, heldMs };
    insert(state.log, entry);
    add(state.used, events, 1, bytes);
    add(state.tokens, -events, -1, -bytes);
    if (ask.priority === "live") state.liveWaitsUntilMs = 0;
    else state.kept = Math.max(0, state.kept - 1);
    return { kind: "granted", id: entry.id, events, bytes };
  }

  private stateOf(ask: Ask, nowMs: number): State {
    let state = this.states.get(ask.key);
    if (state) {
      see(state, ask.rejoins, nowMs);
    } else {
      const nothing = () => ({ events: 0, requests: 0, bytes: 0 });
      state = {
        seenAtMs: nowMs,
        openAtMs: nowMs + GATHER_MS,
        filledAtMs: nowMs,
        tokens: nothing(),
        used: nothing(),
        log: [],
        liveWaitsUntilMs: 0,
        backfillAtMs: 0,
        kept: 0,
      };
      this.states.set(ask.key, state);
    }
    return state;
  }

  private sweep(nowMs: number): void {
    if (nowMs - this.sweptAtMs < FORGET_MS / 24) return;
    this.sweptAtMs = nowMs;
    for (const [key, state] of this.states) if (nowMs - state.seenAtMs > FORGET_MS) this.states.delete(key);
  }
}

function see(state: State, rejoins: boolean, nowMs: number): void {
  const silent = nowMs - state.seenAtMs >= SECOND_MS;
  if (rejoins || silent) state.openAtMs = Math.max(state.openAtMs, nowMs + GATHER_MS);
  state.seenAtMs = nowMs;
}

/** Milliseconds until the least that makes sense may be granted, by each rate; 0: now. */
function waitsOf(state: State, ask: Ask, nowMs: number): Amounts {
  const least = leastOf(ask);
  const waits = { events: 0, requests: 0, bytes: 0 };
  for (const one of dimensions) {
    const rate = ask.rates[one];
    if (rate === Number.POSITIVE_INFINITY) continue;
    const reserve = reserveOf(state, ask, one);
    const missing = least[one] + reserve - state.tokens[one];
    if (missing > 1e-9) waits[one] = (missing / rate) * 1000;
    let over = state.used[one] + least[one] + reserve - capOf(rate);
    for (const entry of state.log.slice(0, LOOK_AT)) {
      if (over <= 1e-9) break;
      over -= one === "requests" ? 1 : entry[one];
      const passesMs = entry.untilMs - entry.heldMs - nowMs;
      waits[one] = Math.max(waits[one], passesMs > 0 ? passesMs : ASK_AGAIN_MS);
    }
  }
  return waits;
}

function capOf(rate: number): number {
  return Math.max(1, Math.floor(rate));
}

/** What must be able to pass at once, or what may be saved up. */
function burstOf({ rates, leastBytes }: Ask): Amounts {
  const burst = (rate: number, unit: number, seconds = BURST_SECONDS) =>
    Math.min(capOf(rate), Math.max(unit, rate * seconds));
  return {
    events: burst(rates.events, 1 + leftForLive(rates.events)),
    requests: burst(rates.requests, 1 + mostKept(rates.requests), REQUEST_BURST_SECONDS),
    bytes: burst(rates.bytes, leastBytes + leftForLive(rates.bytes)),
  };
}

function leftForLive(rate: number): number {
  return Math.round(capOf(rate) * RESERVE);
}

/** Of so few requests that it would take half of a live job's, none is kept. */
function mostKept(rate: number): number {
  return capOf(rate) * BACKFILL_REQUESTS >= 1 ? 1 : 0;
}

/** What this asker leaves to those of the other priority. */
function reserveOf(state: State, { rates, priority }: Ask, one: keyof Rates): number {
  if (priority === "live") return one === "requests" ? state.kept : 0;
  return one === "requests" ? 0 : leftForLive(rates[one]);
}

/**
 * The least that is granted: what a fiftieth of a second brings, or all that is wanted if that is less. A backfill
 * waits for more where requests are few, so that its part of them carries what is left of the events.
 */
function leastOf({ rates, priority, events, leastBytes }: Ask): Amounts {
  const perRequest = priority === "live" ? 0 : BACKFILL_LEAST / rates.requests;
  const seconds = Math.max(LEAST_SECONDS, Math.min(perRequest, BACKFILL_SECONDS));
  return {
    events: Math.min(events, Math.max(1, Math.floor(rates.events * seconds))),
    requests: 1,
    bytes: leastBytes,
  };
}

function roomOf(state: State, ask: Ask): Amounts {
  const room = (one: keyof Rates) => {
    const rate = ask.rates[one];
    if (rate === Number.POSITIVE_INFINITY) return rate;
    return Math.min(state.tokens[one], capOf(rate) - state.used[one]) - reserveOf(state, ask, one);
  };
  return { events: room("events"), requests: room("requests"), bytes: room("bytes") };
}

function fill(state: State, ask: Ask, nowMs: number): void {
  const { rates, priority, lateMs } = ask;
  const burst = burstOf(ask);
  const passedMs = nowMs - state.filledAtMs;
  for (const one of dimensions) {
    // Requests a little slower than the log lets them go: else the log paces them, in bunches, second after second.
    const secondMs = one === "requests" ? SECOND_MS + 2 * lateMs : 1000;
    // Without a limit nothing is owed once there is one again: the log knows what was sent.
    if (rates[one] === Number.POSITIVE_INFINITY) state.tokens[one] = 0;
    else state.tokens[one] = Math.min(burst[one], state.tokens[one] + (passedMs / secondMs) * rates[one]);
  }
  if (priority === "backfill") state.backfillAtMs = nowMs;
  const isShared = nowMs - state.backfillAtMs < SECOND_MS && rates.requests !== Number.POSITIVE_INFINITY;
  const kept = () => state.kept + (passedMs / 1000) * rates.requests * BACKFILL_REQUESTS;
  state.kept = isShared ? Math.min(mostKept(rates.requests), kept()) : 0;
  state.filledAtMs = nowMs;
}

function expire(state: State, nowMs: number): void {
  let gone = 0;
  for (const entry of state.log) {
    if (entry.untilMs > nowMs) break;
    add(state.used, -entry.events, -1, -entry.bytes);
    gone += 1;
  }
  if (gone > 0) state.log.splice(0, gone);
}

function release({ log }: State, { id, lateMs }: AnsweredGrant): void {
  const at = log.findIndex((one) => one.id === id);
  const [entry] = at < 0 ? [] : log.splice(at, 1);
  if (!entry) return;
  entry.untilMs += lateMs - entry.heldMs;
  entry.heldMs = 0;
  insert(log, entry);
}

/** The request itself stays counted, and for no longer than it has to: it was used before the latest moment. */
function takeBack(state: State, { id, events, bytes, earlyMs }: Returned): void {
  const at = state.log.findIndex((one) => one.id === id);
  const entry = state.log[at];
  if (!entry) return;
  const returned = { events: Math.min(events, entry.events), bytes: Math.min(bytes, entry.bytes) };
  add(state.used, -returned.events, 0, -returned.bytes);
  add(state.tokens, returned.events, 0, returned.bytes);
  entry.events -= returned.events;
  entry.bytes -= returned.bytes;
  entry.untilMs -= earlyMs;
  state.log.splice(at, 1);
  insert(state.log, entry);
}

function insert(log: Entry[], entry: Entry): void {
  let at = log.length;
  while (at > 0 && log[at - 1]!.untilMs > entry.untilMs) at -= 1;
  log.splice(at, 0, entry);
}

function add(amounts: Amounts, events: number, requests: number, bytes: number): void {
  amounts.events += events;
  amounts.requests += requests;
  amounts.bytes += bytes;
}
