// The rate store of a worker: its supervisor, which holds the table. When that is gone nothing is asked any more, and
// the limiter keeps to its share for what is still in hand.

import type { Clock } from "../engine/clock.ts";
import { KeysInUse } from "../rates/keys-in-use.ts";
import type { Answer, Ask, RateStore } from "../rates/rate-store.ts";
import { ALIVE_MS } from "../rates/rules.ts";
import type { FromWorker } from "./messages.ts";

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

/** Longer than either of both stands still on a busy machine: an answer that is read late is no loss of the other. */
const ANSWER_MS = 2_000;

export class ParentStore implements RateStore {
  private readonly waiting = new Map<number, Waiting>();
  private readonly keys = new KeysInUse();
  private asked = 0;
  private gone = false;
  private cancelBeat = () => {};

  /** `send` never throws. */
  constructor(
    private readonly send: (message: FromWorker) => void,
    private readonly clock: Clock,
  ) {
    this.beat();
  }

  ask(ask: Ask): Promise<Answer> {
    if (this.gone) return Promise.reject(new Error("the supervisor is gone"));
    this.keys.use(ask.key, this.clock.nowMs());
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      const late = () => this.settle(id)?.reject(new Error(`no answer within ${ANSWER_MS} ms`));
      this.waiting.set(id, { resolve, reject, cancel: this.clock.after(ANSWER_MS, late) });
      this.send({ kind: "ask", id, ask });
    });
  }

  /** An answer that comes too late is nobody's. */
  answered(id: number, answer: Answer): void {
    this.settle(id)?.resolve(answer);
  }

  /** The channel is closed: nothing comes any more. */
  lost(): void {
    this.gone = true;
    this.cancelBeat();
    for (const id of [...this.waiting.keys()]) this.settle(id)?.reject(new Error("the supervisor is gone"));
  }

  close(): Promise<void> {
    this.lost();
    return Promise.resolve();
  }

  private settle(id: number): Waiting | undefined {
    const one = this.waiting.get(id);
    this.waiting.delete(id);
    one?.cancel();
    return one;
  }

  private beat(): void {
    this.cancelBeat = this.clock.after(ALIVE_MS, () => {
      const keys = this.keys.at(this.clock.nowMs());
      if (keys.length > 0) this.send({ kind: "alive", keys });
      this.beat();
    });
  }
}
