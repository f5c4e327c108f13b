// One StreamingPull as a test drives it: what came, and promises for what is to come.

import type { v1 } from "@google-cloud/pubsub";
import { status } from "@grpc/grpc-js";

interface Received {
  readonly ackId: string;
  readonly message: { readonly data: Buffer; readonly messageId: string };
}

interface Response {
  readonly receivedMessages: readonly Received[];
}

/** Round trips that a stream has to stay quiet for. A server that has more to send sends it at once. */
const QUIET_TURNS = 20;

export class StreamClient {
  readonly responses: Response[] = [];
  readonly messages: Received[] = [];
  private readonly stream: ReturnType<v1.SubscriberClient["streamingPull"]>;
  private code: number | undefined;
  private acked = 0;
  private readonly waiters = new Set<() => void>();

  constructor(client: v1.SubscriberClient, first: object) {
    this.stream = client.streamingPull();
    this.stream.on("data", (response: Response) => {
      this.responses.push(response);
      this.messages.push(...response.receivedMessages);
      this.wake();
    });
    this.stream.on("error", (error: Error & { code?: number }) => this.end(error.code ?? status.UNKNOWN));
    this.stream.on("status", ({ code }: { code: number }) => this.end(code));
    this.stream.write(first);
  }

  write(request: object): void {
    this.stream.write(request);
  }

  /** Acknowledges the next `count` messages in the order they came. */
  ack(count: number): void {
    const ackIds = this.messages.slice(this.acked, this.acked + count).map(({ ackId }) => ackId);
    this.acked += count;
    this.write({ ackIds });
  }

  cancel(): void {
    this.stream.cancel();
  }

  opened(): Promise<void> {
    return this.untilResponses(1);
  }

  until(messages: number): Promise<void> {
    return this.when(() => this.messages.length >= messages);
  }

  untilResponses(count: number): Promise<void> {
    return this.when(() => this.responses.length >= count);
  }

  /** The status it ends with. */
  async ended(): Promise<number> {
    await this.when(() => this.code !== undefined);
    return this.code as number;
  }

  /** Waits a few turns for what should not come. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  private when(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!done()) return;
        this.waiters.delete(check);
        resolve();
      };
      this.waiters.add(check);
      check();
    });
  }

  private end(code: number): void {
    this.code ??= code;
    this.wake();
  }

  private wake(): void {
    for (const waiter of [...this.waiters]) waiter();
  }
}
