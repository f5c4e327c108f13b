// A Pub/Sub that does only what a test tells it, behind the small client interface of the source.

import type { PullCall, PullClient, StreamEvents } from "../../../src/sources/pubsub/client.ts";
import type { ReceivedMessage, StreamRequest } from "../../../src/sources/pubsub/wire.ts";

export class RpcFailure extends Error {
  constructor(readonly code: number) {
    super(`status ${code}`);
  }
}

export interface ModifyRequest {
  readonly ackIds: string[];
  readonly seconds: number;
}

export class FakeCall implements PullCall {
  paused = false;
  cancelled = false;
  ended = false;
  keepalives = 0;

  constructor(
    readonly client: FakeClient,
    readonly first: StreamRequest,
    private readonly events: StreamEvents,
  ) {}

  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  keepalive(): void {
    this.keepalives += 1;
  }
  cancel(): void {
    this.cancelled = true;
    this.end(1);
  }

  /** A response, paused or not: as if it had been on its way. */
  send(...messages: ReceivedMessage[]): void {
    if (!this.ended) this.events.messages(messages);
  }

  end(code: number, details = "the server says so"): void {
    if (this.ended) return;
    this.ended = true;
    this.events.end({ code, details });
  }
}

export class FakeClient implements PullClient {
  readonly calls: FakeCall[] = [];
  closed = false;

  constructor(private readonly fake: FakePubSub) {}

  open(first: StreamRequest, events: StreamEvents): PullCall {
    const call = new FakeCall(this, first, events);
    this.calls.push(call);
    this.fake.calls.push(call);
    const code = this.fake.streamCode;
    if (code !== undefined) queueMicrotask(() => call.end(code));
    return call;
  }

  async acknowledge(ackIds: string[]): Promise<void> {
    this.fake.ackRequests.push([...ackIds]);
    await this.fake.answer();
    if (this.fake.ackCode !== undefined) throw new RpcFailure(this.fake.ackCode);
    this.fake.acked.push(...ackIds);
  }

  async modifyAckDeadline(ackIds: string[], seconds: number): Promise<void> {
    this.fake.modifyRequests.push({ ackIds: [...ackIds], seconds });
    if (this.fake.modifyCode !== undefined) throw new RpcFailure(this.fake.modifyCode);
    if (seconds === 0) this.fake.givenBack.push(...ackIds);
  }

  close(): void {
    this.closed = true;
  }
}

export class FakePubSub {
  readonly clients: FakeClient[] = [];
  readonly calls: FakeCall[] = [];
  readonly acked: string[] = [];
  readonly givenBack: string[] = [];
  readonly ackRequests: string[][] = [];
  readonly modifyRequests: ModifyRequest[] = [];
  /** While set, each kind of request fails with it. */
  ackCode: number | undefined;
  modifyCode: number | undefined;
  streamCode: number | undefined;
  connectError: Error | undefined;
  /** While set, acknowledgements are not answered. */
  hold: Promise<void> | undefined;

  readonly connect = async (): Promise<PullClient> => {
    if (this.connectError) throw this.connectError;
    const client = new FakeClient(this);
    this.clients.push(client);
    return client;
  };

  answer(): Promise<void> {
    return this.hold ?? Promise.resolve();
  }

  /** The call that was opened last. */
  get call(): FakeCall {
    const call = this.calls.at(-1);
    if (!call) throw new Error("no stream was opened");
    return call;
  }

  extensions(): ModifyRequest[] {
    return this.modifyRequests.filter(({ seconds }) => seconds > 0);
  }
}

export function aMessage(
  id: string,
  with_: { ackId?: string; data?: string; attempt?: number; attributes?: Record<string, string> } = {},
): ReceivedMessage {
  const attributes = with_.attributes ?? {};
  return {
    ackId: with_.ackId ?? `ack-${id}`,
    id,
    body: Buffer.from(with_.data ?? `body ${id}`),
    attributes,
    attributeBytes: Buffer.byteLength(Object.entries(attributes).flat().join("")),
    publishedAtMs: 1_700_000_000_250,
    attempt: with_.attempt ?? 0,
  };
}

export function messages(n: number, prefix = "m"): ReceivedMessage[] {
  return Array.from({ length: n }, (_, index) => aMessage(`${prefix}${index}`));
}
