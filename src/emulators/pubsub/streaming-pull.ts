// One StreamingPull call.
//
//   opened ──first request, valid──▶ serving ──▶ ended
//      └───────── anything else ───────────────────▲
//
// It ends when the client cancels or half-closes, when a request breaks a rule (INVALID_ARGUMENT), when its
// subscription goes (NOT_FOUND), when it is too old, or when a test says so. What it was sent stays leased until
// the lease runs out, as with the service. An empty response goes out first: it carries the subscription's
// properties, and tells the client at once that the stream stands.

import type { ServerDuplexStream } from "@grpc/grpc-js";

import type { Clock } from "../../engine/clock.ts";
import { toError } from "../../engine/errors.ts";
import { settleOnStream } from "./ack-requests.ts";
import type { Faults } from "./faults.ts";
import { FlowWindow } from "./flow-window.ts";
import type { PubSubLimits } from "./limits.ts";
import type { Consumer, Pump } from "./pump.ts";
import type { PullResponse } from "./pull-response.ts";
import { invalid, isDetached, RpcError } from "./rpc-error.ts";
import { received } from "./received.ts";
import type { Delivery, Subscription } from "./subscription.ts";
import { isStreamDeadline } from "./subscription-settings.ts";
import type { StreamingPullRequest } from "./wire.ts";

export interface StreamWorld {
  readonly clock: Clock;
  readonly limits: PubSubLimits;
  readonly faults: Faults;
  /** Throws NOT_FOUND. */
  pumpOf(subscription: string): Pump;
  onOpen(stream: StreamingPull): void;
  onEnd(stream: StreamingPull): void;
}

export type StreamingPullCall = ServerDuplexStream<StreamingPullRequest, PullResponse>;

export class StreamingPull implements Consumer {
  readonly maxMessages = Number.POSITIVE_INFINITY;
  window: FlowWindow | undefined;
  leaseMs = 0;
  private pump: Pump | undefined;
  private ended = false;
  private unwritten = 0;
  private answersPings = false;
  private cancelAge = () => {};

  constructor(
    private readonly call: StreamingPullCall,
    private readonly world: StreamWorld,
  ) {
    call.on("data", (request) => this.onRequest(request));
    call.on("cancelled", () => this.leave());
    // The transport failed under us; the client sees it as its own error.
    call.on("error", () => this.leave());
    call.on("end", () => this.end(new RpcError("OK", "")));
  }

  get subscription(): Subscription | undefined {
    return this.pump?.subscription;
  }

  ready(): boolean {
    return (
      !this.ended && !this.world.faults.streams.silent && this.unwritten < this.world.limits.responsesInFlight
    );
  }

  send(deliveries: readonly Delivery[]): void {
    const { subscription } = this;
    if (subscription) this.write({ receivedMessages: received(subscription, deliveries) });
  }

  /** Ends the call with a status; twice is once. */
  end(error: RpcError): void {
    if (this.ended) return;
    this.leave();
    if (error.statusName === "OK") this.call.end();
    else this.call.emit("error", { code: error.code, details: error.details });
  }

  private onRequest(request: StreamingPullRequest): void {
    if (this.ended) return;
    try {
      if (!this.pump) this.open(request);
      else this.goOn(request);
      if (this.subscription) settleOnStream(this.subscription, request, this.world.limits);
    } catch (thrown) {
      const error = thrown instanceof RpcError ? thrown : new RpcError("INTERNAL", toError(thrown).message);
      this.end(error);
    }
  }

  private open(request: StreamingPullRequest): void {
    const { subscription: name, streamAckDeadlineSeconds: deadline } = request;
    if (!name) throw invalid("The first request of a stream must set subscription.");
    const pump = this.world.pumpOf(name);
    if (pump.subscription.settings.detached) throw isDetached(name);
    this.setDeadline(deadline);
    this.window = new FlowWindow(request.maxOutstandingMessages, request.maxOutstandingBytes);
    this.answersPings = request.protocolVersion > 0;
    this.pump = pump;
    const { maxAgeMs, ageStatus = "UNAVAILABLE" } = this.world.faults.streams;
    if (maxAgeMs !== undefined) {
      const tooOld = new RpcError(
        ageStatus,
        "The service was unable to fulfill your request. Please try again.",
      );
      this.cancelAge = this.world.clock.after(maxAgeMs, () => this.end(tooOld));
    }
    const { enableMessageOrdering = false } = pump.subscription.settings;
    this.write({ receivedMessages: [], messageOrderingEnabled: enableMessageOrdering });
    pump.add(this);
    this.world.onOpen(this);
  }

  private goOn(request: StreamingPullRequest): void {
    if (request.subscription) throw invalid("subscription may only be set in the first request of a stream.");
    if (request.maxOutstandingMessages || request.maxOutstandingBytes)
      throw invalid("Flow control may only be set in the first request of a stream (max_outstanding_*).");
    if (request.streamAckDeadlineSeconds) this.setDeadline(request.streamAckDeadlineSeconds);
    if (this.answersPings && isPing(request) && !this.world.faults.streams.ignorePings)
      this.write({ receivedMessages: [] });
  }

  private setDeadline(seconds: number): void {
    if (!isStreamDeadline(seconds))
      throw invalid(`stream_ack_deadline_seconds must be between 10 and 600 seconds, and is ${seconds}.`);
    this.leaseMs = seconds * 1000;
  }

  private write(response: PullResponse): void {
    this.unwritten++;
    this.call.write(response, () => {
      this.unwritten--;
      this.pump?.schedule();
    });
  }

  private leave(): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelAge();
    this.pump?.remove(this);
    this.world.onEnd(this);
  }
}

function isPing(request: StreamingPullRequest): boolean {
  return request.ackIds.length === 0 && request.modifyDeadlineAckIds.length === 0;
}
