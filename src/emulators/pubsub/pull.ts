// One Pull call: a consumer that takes a single response. Without messages it waits, and then answers with none;
// `return_immediately` does not wait.

import type { Clock } from "../../engine/clock.ts";
import type { PubSubLimits } from "./limits.ts";
import type { Consumer, Pump } from "./pump.ts";
import type { PullResponse } from "./pull-response.ts";
import { received } from "./received.ts";
import { invalid, isDetached } from "./rpc-error.ts";
import { type Unary, unary } from "./unary.ts";
import type { PullRequest } from "./wire.ts";

interface PullWorld {
  readonly clock: Clock;
  readonly limits: PubSubLimits;
  /** Throws NOT_FOUND. */
  pumpOf(subscription: string): Pump;
}

const DEFAULT_DEADLINE_S = 10;

export function pullRpc({ clock, limits, pumpOf }: PullWorld): Unary {
  return unary(async (request: PullRequest, signal: AbortSignal): Promise<PullResponse> => {
    if (request.maxMessages <= 0)
      throw invalid(`max_messages must be positive, and is ${request.maxMessages}.`);
    const pump = pumpOf(request.subscription);
    const { subscription } = pump;
    const { ackDeadlineSeconds = DEFAULT_DEADLINE_S, detached } = subscription.settings;
    if (detached) throw isDetached(request.subscription);
    return new Promise((resolve) => {
      const finish = (response: PullResponse) => {
        pump.remove(consumer);
        cancelWait();
        signal.removeEventListener("abort", giveUp);
        resolve(response);
      };
      const giveUp = () => finish({ receivedMessages: [] });
      const consumer: Consumer = {
        window: undefined,
        leaseMs: ackDeadlineSeconds * 1000,
        maxMessages: request.maxMessages,
        ready: () => !signal.aborted,
        send: (deliveries) => finish({ receivedMessages: received(subscription, deliveries) }),
      };
      const cancelWait = clock.after(request.returnImmediately ? 0 : limits.pullWaitMs, giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      pump.add(consumer);
    });
  });
}
