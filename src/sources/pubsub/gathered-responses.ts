// Makes few large lists of many small responses, for a wake-up of the process costs more than the message it brings.
//
//   quick --(a response)--> handed on at once; the next are in no hurry for `gatherMs`
//   quick --(a response within that time)--> resting: it is kept, and no other is asked for; HTTP/2 keeps what comes
//   resting --(the time is over)--> gathering: asked for again and again, until this turn of the event loop ends
//   gathering --(the turn ends)--> handed on as one list --> quick
//   any --(MANY within gatherMs)--> busy: lists are large by themselves, or follow one another closely; each goes on at once
//   busy --(fewer than MANY within gatherMs)--> quick
//
// So the first message after a silence never waits, and none waits longer than `gatherMs`.

import type { Clock } from "../../engine/clock.ts";
import type { ReceivedMessage } from "./wire.ts";

/** Messages of one list that make it worth its wake-up. */
const MANY = 64;

export interface GatheredResponsesOptions {
  readonly clock: Clock;
  /** 0: nothing waits. */
  readonly gatherMs: number;
  messages(list: readonly ReceivedMessage[]): void;
}

export class GatheredResponses {
  private kept: ReceivedMessage[] = [];
  private gathering = false;
  private cancelRest: (() => void) | undefined;
  private cancelGathering: (() => void) | undefined;
  private restUntilMs = 0;
  private countedSinceMs = 0;
  private counted = 0;
  private cameFast = false;

  constructor(private readonly options: GatheredResponsesOptions) {}

  /** `ask` is called once, when the next response may come. */
  add(list: readonly ReceivedMessage[], ask: () => void): void {
    const now = this.options.clock.nowMs();
    if (this.gathering) {
      this.keep(list);
      if (this.kept.length >= MANY) this.handOn();
      ask();
    } else if (this.isBusy(list.length, now) || now >= this.restUntilMs) {
      this.restUntilMs = now + this.options.gatherMs;
      this.options.messages(list);
      ask();
    } else {
      this.keep(list);
      this.cancelRest = this.options.clock.after(this.restUntilMs - now, () => this.gather(ask));
    }
  }

  /** Nothing more comes: what is kept goes on now. */
  end(): void {
    this.cancelRest?.();
    this.cancelGathering?.();
    this.gathering = false;
    this.handOn();
  }

  private gather(ask: () => void): void {
    this.gathering = true;
    this.cancelRest = undefined;
    const turn = setImmediate(() => {
      this.gathering = false;
      this.handOn();
    });
    this.cancelGathering = () => clearImmediate(turn);
    ask();
  }

  private keep(list: readonly ReceivedMessage[]): void {
    for (const message of list) this.kept.push(message);
  }

  private handOn(): void {
    const list = this.kept;
    if (list.length === 0) return;
    this.kept = [];
    const now = this.options.clock.nowMs();
    this.isBusy(list.length, now);
    this.restUntilMs = now + this.options.gatherMs;
    this.options.messages(list);
  }

  /** Counts them; true: so many come, or came in the stretch before, that there is no need to wait. */
  private isBusy(more: number, now: number): boolean {
    const { gatherMs } = this.options;
    const sinceMs = now - this.countedSinceMs;
    if (sinceMs >= gatherMs) {
      this.cameFast = this.counted >= MANY && sinceMs < 2 * gatherMs;
      this.countedSinceMs = now;
      this.counted = 0;
    }
    this.counted += more;
    return this.cameFast || this.counted >= MANY;
  }
}
