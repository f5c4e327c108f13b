// The rates of several processes of one machine, kept in their supervisor. `acquire-script.ts` is the same in Redis; a
// test holds both to the same answers.
//
// Per rate: a log of what was granted (each entry counts until `SECOND_MS` and its own lateness are over) keeps every
// sliding second within the rate, and a bucket of tokens paces. A rate that is new, or that somebody may have used
// without the store (nobody was heard of for a second), first gathers everybody, then lets one second pass unused,
// then grants.

import type { Rates } from "../engine/contracts.ts";
import type { Answer, Ask, Returned } from "./rate-store.ts";
import {
  BURST_SECONDS,
  FORGET_MS,
  GATHER_MS,
  LEAST_SECONDS,
  LOOK_AT,
  RESERVE,
  RETURN_MS,
  SECOND_MS,
} from "./rules.ts";

interface Entry {
  readonly id: string;
  events: number;
  bytes: number;
  readonly untilMs: number;
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
    expire(state, nowMs);
    if (ask.returned) takeBack(state, ask.returned);
    const burst = burstOf(ask);
    fill(state, ask.rates, burst, nowMs);
    if (ask.priority === "backfill" && nowMs < state.liveWaitsUntilMs) {
      return { kind: "wait", ms: state.liveWaitsUntilMs - nowMs };
    }
    const waitMs = this.waitOf(state, ask, nowMs);
    if (waitMs <= 0) return this.grant(state, ask, nowMs);
    if (ask.priority === "live") state.liveWaitsUntilMs = nowMs + waitMs + RETURN_MS;
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
    const entry = { id: String(this.grants), events, bytes, untilMs: nowMs + SECOND_MS + ask.lateMs };
    insert(state.log, entry);
    add(state.used, events, 1, bytes);
    add(state.tokens, -events, -1, -bytes);
    if (ask.priority === "live") state.liveWaitsUntilMs = 0;
    return { kind: "granted", id: entry.id, events, bytes };
  }

  /** Milliseconds until the least that makes sense may be granted; 0: now. */
  private waitOf(state: State, ask: Ask, nowMs: number): number {
    const least = leastOf(ask);
    let wait = 0;
    for (const one of dimensions) {
      const rate = ask.rates[one];
      if (rate === Number.POSITIVE_INFINITY) continue;
      const reserve = reserveOf(ask, one);
      const missing = least[one] + reserve - state.tokens[one];
      if (missing > 1e-9) wait = Math.max(wait, (missing / rate) * 1000);
      let over = state.used[one] + least[one] + reserve - capOf(rate);
      for (const entry of state.log.slice(0, LOOK_AT)) {
        if (over <= 1e-9) break;
        over -= one === "requests" ? 1 : entry[one];
        wait = Math.max(wait, entry.untilMs - nowMs);
      }
    }
    return wait;
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

function capOf(rate: number): number {
  return Math.max(1, Math.floor(rate));
}

/** What must be able to pass at once, or a tenth of a second's worth. */
function burstOf(ask: Ask): Amounts {
  const burst = (rate: number, unit: number) => Math.min(capOf(rate), Math.max(unit, rate * BURST_SECONDS));
  return {
    events: burst(ask.rates.events, 1 + reserveOf(ask, "events")),
    requests: burst(ask.rates.requests, 1),
    bytes: burst(ask.rates.bytes, ask.leastBytes + reserveOf(ask, "bytes")),
  };
}

function reserveOf(ask: Ask, one: keyof Rates): number {
  if (ask.priority === "live" || one === "requests") return 0;
  return Math.floor(capOf(ask.rates[one]) * RESERVE);
}

/** The least that is granted: what a fiftieth of a second brings, or all that is wanted if that is less. */
function leastOf(ask: Ask): Amounts {
  return {
    events: Math.min(ask.events, Math.max(1, Math.floor(ask.rates.events * LEAST_SECONDS))),
    requests: 1,
    bytes: ask.leastBytes,
  };
}

function roomOf(state: State, ask: Ask): Amounts {
  const room = (one: keyof Rates) => {
    const rate = ask.rates[one];
    if (rate === Number.POSITIVE_INFINITY) return rate;
    return Math.min(state.tokens[one], capOf(rate) - state.used[one]) - reserveOf(ask, one);
  };
  return { events: room("events"), requests: room("requests"), bytes: room("bytes") };
}

function fill(state: State, rates: Rates, burst: Amounts, nowMs: number): void {
  const seconds = (nowMs - state.filledAtMs) / 1000;
  for (const one of dimensions) {
    // Without a limit nothing is owed once there is one again: the log knows what was sent.
    if (rates[one] === Number.POSITIVE_INFINITY) state.tokens[one] = 0;
    else state.tokens[one] = Math.min(burst[one], state.tokens[one] + seconds * rates[one]);
  }
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

/** The request itself stays counted: what is given back is only what it did not carry, unless that is all of it. */
function takeBack(state: State, { id, events, bytes }: Returned): void {
  const entry = state.log.find((one) => one.id === id);
  if (!entry) return;
  const returned = { events: Math.min(events, entry.events), bytes: Math.min(bytes, entry.bytes) };
  add(state.used, -returned.events, 0, -returned.bytes);
  add(state.tokens, returned.events, 0, returned.bytes);
  entry.events -= returned.events;
  entry.bytes -= returned.bytes;
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
