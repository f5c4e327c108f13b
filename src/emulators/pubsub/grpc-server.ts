// The gRPC side: services on a loopback socket of our own, so that connections can be cut as a network cuts them.

import { type AddressInfo, createServer, type Socket } from "node:net";

import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

import { type Clock, sleep } from "../../engine/clock.ts";
import { toError } from "../../engine/errors.ts";
import type { Faults } from "./faults.ts";
import type { PubSubLimits } from "./limits.ts";
import { RpcError } from "./rpc-error.ts";
import type { StreamingPullCall } from "./streaming-pull.ts";
import type { Unary, UnaryService } from "./unary.ts";

/** Above the largest request the rules allow, so that the refusal is ours and says why. */
const RECEIVE_BYTES = 24 * 1024 * 1024;
const WINDOW_BYTES = 4 * 1024 * 1024;

export interface Listening {
  readonly port: number;
  readonly connections: number;
  /** Resets every TCP connection; yields how many. */
  dropConnections(): number;
  /** Sends GOAWAY on every connection and cuts what still runs after `graceMs`. */
  goAway(graceMs: number): void;
  close(): Promise<void>;
}

export interface GrpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly limits: PubSubLimits;
  readonly services: readonly (readonly [ServiceDefinition, UnaryService])[];
  startStream(call: StreamingPullCall): void;
}

export async function listen(options: GrpcServerOptions): Promise<Listening> {
  const grpc = new Server({
    "grpc.max_receive_message_length": RECEIVE_BYTES,
    "grpc.max_send_message_length": -1,
    "grpc-node.flow_control_window": WINDOW_BYTES,
    // Without it a client that vanished without a word would go on taking its share of the messages.
    "grpc.keepalive_time_ms": options.limits.keepaliveMs,
    "grpc.keepalive_timeout_ms": options.limits.keepaliveTimeoutMs,
    "grpc.enable_channelz": 0,
  });
  for (const [definition, service] of options.services)
    grpc.addService(definition, implementation(definition, service, options));
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A reset by the client is its business; the calls on it are cancelled.
    socket.on("error", () => socket.destroy());
    injector.injectConnection(socket);
  });
  server.maxConnections = options.limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const dropConnections = () => {
    const cut = [...sockets];
    for (const socket of cut) socket.resetAndDestroy();
    return cut.length;
  };
  return {
    // A TCP server that listens has an AddressInfo.
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size;
    },
    dropConnections,
    goAway: (graceMs) => injector.drain(graceMs),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      grpc.forceShutdown();
      for (const socket of [...sockets]) socket.destroy();
      await closed;
    },
  };
}

function implementation(
  definition: ServiceDefinition,
  service: UnaryService,
  options: GrpcServerOptions,
): UntypedServiceImplementation {
  const handlers: UntypedServiceImplementation = {};
  for (const name of Object.keys(definition)) {
    const handle = service[name];
    if (handle) handlers[name] = unaryHandler(name, handle, options);
  }
  if (definition["StreamingPull"]) handlers["StreamingPull"] = streamHandler(options);
  return handlers;
}

function unaryHandler(name: string, handle: Unary, { faults, clock }: GrpcServerOptions) {
  return (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>): void => {
    const stop = new AbortController();
    call.on("cancelled", () => stop.abort());
    const run = async () => {
      const verdict = faults.judge(name);
      if (verdict.delayMs > 0) await sleep(clock, verdict.delayMs, stop.signal);
      if (verdict.refuse && verdict.when === "before") throw verdict.refuse;
      if (verdict.noReply && verdict.when === "before") return;
      const answer = await handle(call.request, stop.signal);
      if (verdict.refuse) throw verdict.refuse;
      if (!verdict.noReply) reply(null, answer);
    };
    run().catch((thrown: unknown) => {
      const { code, details } = asRpcError(thrown);
      reply({ code, details });
    });
  };
}

function streamHandler({ faults, clock, startStream }: GrpcServerOptions) {
  return (call: StreamingPullCall): void => {
    const verdict = faults.judge("StreamingPull");
    const begin = () => {
      if (call.cancelled || verdict.noReply) return;
      if (verdict.refuse) call.emit("error", { code: verdict.refuse.code, details: verdict.refuse.details });
      else startStream(call);
    };
    if (verdict.delayMs === 0) {
      begin();
      return;
    }
    const cancelDelay = clock.after(verdict.delayMs, begin);
    call.on("cancelled", cancelDelay);
  };
}

function asRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  return new RpcError("INTERNAL", `A bug of the local Pub/Sub: ${toError(thrown).stack ?? String(thrown)}`);
}
