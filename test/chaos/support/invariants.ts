// What must hold after a run, judged from outside: from what the local servers saw, what lies on the disk, and how
// the processes ended. Everything that does not hold is one sentence in `violations`.
//
//   I1 acked -> delivered to every destination, dropped by a rule, or in the dead letters
//   I2 nothing is delivered that was not issued for delivery     I3 with exactly the bytes of the oracle
//   I4 no more duplicates than the faults explain                I5 the rate is kept
//   I8 no crash, no leaked listener, no secret in any output     I9 the program's own books balance

import { hash } from "node:crypto";

import type { SegmentStats } from "../../../src/emulators/segment/workspace.ts";
import type { IssuedEvent } from "./oracle.ts";
import type { SegmentId } from "./servers.ts";
import type { ProgramExit } from "./supervisor.ts";

/** What the publisher remembers of an event. */
export interface Issued extends Pick<IssuedEvent, "serial" | "fate" | "messages"> {
  /** SHA-1 of the message's data, base64url. */
  readonly bodyDigest: string;
}

export interface DeadLetterLine {
  readonly id: string;
  readonly code: string;
  readonly body: string;
}

export interface Facts {
  /** By Pub/Sub message id. */
  readonly issued: ReadonlyMap<string, Issued>;
  readonly ackedIds: readonly string[];
  readonly segmentIds: readonly SegmentId[];
  readonly stats: SegmentStats;
  readonly deadLetters: readonly DeadLetterLine[];
  /** Lines of the dead letters that are no JSON. */
  readonly tornLines: number;
  readonly exits: readonly ProgramExit[];
  readonly secret: string;
}

export interface Allowed {
  /** Beside what the program's books show as sent again in doubt: the work in hand at kills. */
  readonly duplicates: number;
  /** In any sliding second, all destinations together. */
  readonly eventsPerSecond: number;
  /** Good events in the dead letters with code `crash-loop`, whole: kills met the program at work on one twice. */
  readonly suspected?: number;
  /** Exit codes of the program that are right though nobody asked for an end. */
  readonly ownExits?: readonly number[];
}

export interface Verdict {
  readonly issued: number;
  readonly acked: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly deadLettered: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly duplicatesAllowed: number;
  /** Good events that the crash-loop breaker took for deadly. */
  readonly suspected: number;
  readonly violations: readonly string[];
}

export function judge(facts: Facts, allowed: Allowed): Verdict {
  const violations: string[] = [];
  const fates = { delivered: 0, dropped: 0, "dead-lettered": 0 };
  const suspects = wronglySuspected(facts);
  const known = new Map(facts.segmentIds.map((one) => [one.id, one]));
  const lost = conservation(facts, known, suspects, fates, violations);
  onlyWhatWasIssued(facts, known, suspects, violations);
  if (suspects.size > (allowed.suspected ?? 0))
    violations.push(
      `I2 ${suspects.size} good events are dead letters (crash-loop), the kills explain ${allowed.suspected ?? 0}`,
    );
  let duplicates = 0;
  for (const { deliveries } of facts.segmentIds) duplicates += deliveries - 1;
  const duplicatesAllowed = allowed.duplicates + sentAgainInDoubt(facts.exits);
  if (duplicates > duplicatesAllowed)
    violations.push(`I4 ${duplicates} duplicates, the faults explain ${duplicatesAllowed}`);
  const { maxEventsPerSecond } = facts.stats;
  if (maxEventsPerSecond > allowed.eventsPerSecond)
    violations.push(`I5 ${maxEventsPerSecond} events in a second, allowed are ${allowed.eventsPerSecond}`);
  for (const exit of facts.exits) violations.push(...misbehaviour(exit, facts, allowed));
  return {
    issued: facts.issued.size,
    acked: facts.ackedIds.length,
    delivered: fates.delivered,
    dropped: fates.dropped,
    deadLettered: fates["dead-lettered"],
    lost,
    duplicates,
    duplicatesAllowed,
    suspected: suspects.size,
    violations,
  };
}

/** Ids of good events that lie in the dead letters with code `crash-loop` and their own bytes. */
function wronglySuspected({ issued, deadLetters }: Facts): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { id, code, body } of deadLetters) {
    const event = issued.get(id);
    if (code !== "crash-loop" || event === undefined || event.fate === "dead-lettered") continue;
    if (digestOf(body) === event.bodyDigest) ids.add(id);
  }
  return ids;
}

function digestOf(base64: string): string {
  return hash("sha1", Buffer.from(base64, "base64"), "base64url");
}

function conservation(
  { issued, ackedIds, deadLetters }: Facts,
  known: ReadonlyMap<string, SegmentId>,
  suspects: ReadonlySet<string>,
  fates: Record<Issued["fate"], number>,
  violations: string[],
): number {
  const letters = new Map(deadLetters.map((letter) => [letter.id, letter]));
  const lost: number[] = [];
  for (const id of ackedIds) {
    const event = issued.get(id);
    if (!event) continue;
    fates[event.fate] += 1;
    if (event.fate === "dead-lettered") {
      const body = letters.get(id)?.body;
      if (body === undefined) lost.push(event.serial);
      else if (digestOf(body) !== event.bodyDigest)
        violations.push(`I3 the dead letter of event ${event.serial} has another body`);
    } else if (!suspects.has(id) && event.messages.some(({ messageId }) => !known.has(messageId)))
      lost.push(event.serial);
  }
  if (lost.length > 0)
    violations.push(`I1 ${lost.length} events were acked and are nowhere: ${lost.slice(0, 10).join(", ")}`);
  return lost.length;
}

function onlyWhatWasIssued(
  { issued, deadLetters }: Facts,
  known: ReadonlyMap<string, SegmentId>,
  suspects: ReadonlySet<string>,
  violations: string[],
): void {
  const expected = new Map<string, string>();
  for (const { messages } of issued.values())
    for (const { messageId, digest } of messages) expected.set(messageId, digest);
  for (const { id, digest, differing } of known.values()) {
    const right = expected.get(id);
    if (right === undefined) violations.push(`I2 ${id} was delivered and is of no event that may be`);
    else if (right !== digest || differing > 0) violations.push(`I3 ${id} was delivered with other bytes`);
  }
  for (const { id, code } of deadLetters)
    if (issued.get(id)?.fate !== "dead-lettered" && !suspects.has(id))
      violations.push(`I2 message ${id} is a dead letter (${code})`);
}

const LEAKS = /MaxListenersExceeded|UnhandledPromiseRejection|unhandledRejection|FATAL ERROR/;

function* misbehaviour(exit: ProgramExit, { secret }: Facts, { ownExits = [] }: Allowed): Iterable<string> {
  const { asked, code, signal, stderr } = exit;
  const how = signal ?? `exit code ${code}`;
  const why = `: …${stderr.slice(-1_500)}`;
  if (asked === undefined && (code === null || !ownExits.includes(code)))
    yield `I8 ended by itself with ${how}${why}`;
  // Before it runs there is nothing to drain, and the system's own end is right.
  const ran = /"msg":"(running|stopping)/.test(stderr);
  if (asked === "SIGTERM" && ran && code !== 0 && code !== 3)
    yield `I8 ended with ${how} after SIGTERM${why}`;
  const leak = LEAKS.exec(stderr);
  if (leak) yield `I8 says ${leak[0]}${why}`;
  if (stderr.includes(secret)) yield "I8 says a write key";
  const books = booksOf(stderr);
  if (asked === "SIGTERM" && books) yield* unbalanced(books);
}

/** Faults after which nobody can know whether the events were taken. */
const IN_DOUBT = ["timeout", "connection-reset", "bad-response", "network"];

/** Events that went again after such a fault, by the books of all that ended in order. */
export function sentAgainInDoubt(exits: readonly ProgramExit[]): number {
  let events = 0;
  for (const { stderr } of exits) {
    const { retried = {} } = booksOf(stderr) ?? {};
    for (const code of IN_DOUBT) events += retried[code] ?? 0;
  }
  return events;
}

interface Books {
  /** Events sent again, by the code of the fault. */
  readonly retried?: Readonly<Record<string, number>>;
  readonly received: number;
  readonly acked: number;
  readonly givenBack: number;
  readonly handedOver: number;
  readonly values: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly deadLettered: number;
}

/** The counts in the last line of an orderly stop. */
export function booksOf(stderr: string): Books | undefined {
  const line = stderr.split("\n").findLast((text) => text.includes('"counts"'));
  return line === undefined ? undefined : (JSON.parse(line) as { counts: Books }).counts;
}

function* unbalanced(books: Books): Iterable<string> {
  const { received, acked, givenBack, handedOver, values, delivered, dropped, deadLettered } = books;
  const all = JSON.stringify(books);
  if (received !== acked + givenBack) yield `I9 received is not acked and given back: ${all}`;
  // With several destinations a value is delivered several times; what a reload moved entered twice.
  if (givenBack === 0 && values > delivered + dropped + deadLettered + handedOver)
    yield `I9 values went nowhere: ${all}`;
}
