// The server's other door, for whoever runs it as a process of its own: inspection and faults over plain HTTP with
// JSON, on loopback. It is a test tool: it has no authentication and listens nowhere else.
//
//   GET    /state                                what PubSubEmulator.inspect() yields
//   GET    /ids?subscription=NAME&kind=acked     message ids (kinds: inspection.ts)
//   GET    /faults                               the script in force
//   PUT    /faults          FaultScript          replaces it
//   PATCH  /faults          FaultScript          adds its RPC faults, changes the stream faults it names
//   POST   /end-streams     { status, subscription?, message? }
//   POST   /drop-connections
//   POST   /go-away         { graceMs? }
//   POST   /publish         { topic, messages: [{ data?: base64, attributes?, orderingKey? }] }

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { type Static, type TSchema, Type } from "typebox";
import Value from "typebox/value";

import { toError } from "../../engine/errors.ts";
import { checkedScript } from "./fault-script.ts";
import type { IdKind } from "./inspection.ts";
import { defaultLimits } from "./limits.ts";
import { invalid, RpcError, statusNames } from "./rpc-error.ts";
import type { PubSubEmulator } from "./start-pubsub.ts";

export interface ControlPort {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const endStreams = Type.Object({
  status: Type.Enum(statusNames),
  subscription: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});

const goAway = Type.Object({ graceMs: Type.Optional(Type.Number({ minimum: 0 })) });

const publish = Type.Object({
  topic: Type.String(),
  messages: Type.Array(
    Type.Object({
      data: Type.Optional(Type.String()),
      attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
      orderingKey: Type.Optional(Type.String()),
    }),
  ),
});

type Route = (query: URLSearchParams, body: unknown) => unknown;

export async function startControlPort(
  emulator: PubSubEmulator,
  { port = 0, maxBytes = defaultLimits.controlBytes }: { port?: number; maxBytes?: number } = {},
): Promise<ControlPort> {
  const routes = routesOf(emulator);
  const server = createServer((request, response) => {
    answer(routes, request, response, maxBytes).catch((thrown: unknown) => {
      const status = thrown instanceof RpcError ? 400 : 500;
      send(response, status, { error: toError(thrown).message });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  // A TCP server that listens has an AddressInfo.
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function routesOf(emulator: PubSubEmulator): Readonly<Record<string, Route>> {
  const { faults } = emulator;
  return {
    "GET /state": () => emulator.inspect(),
    // `ids` refuses a kind that is none.
    "GET /ids": (query) => emulator.ids(query.get("subscription") ?? "", query.get("kind") as IdKind),
    "GET /faults": () => faults.current(),
    "PUT /faults": (_query, body) => {
      faults.apply(checkedScript(body));
      return faults.current();
    },
    "PATCH /faults": (_query, body) => {
      const { rpcs = [], streams = {} } = checkedScript(body);
      for (const fault of rpcs) faults.fail(fault);
      faults.setStreams(streams);
      return faults.current();
    },
    "POST /end-streams": (_query, body) => {
      const { status, ...only } = parsed(endStreams, body);
      return { ended: emulator.endStreams(status, only) };
    },
    "POST /drop-connections": () => ({ dropped: emulator.dropConnections() }),
    "POST /go-away": (_query, body) => {
      emulator.goAway(parsed(goAway, body).graceMs ?? 0);
      return {};
    },
    "POST /publish": (_query, body) => {
      const { topic, messages } = parsed(publish, body);
      const decoded = messages.map(({ data = "", ...rest }) => ({
        ...rest,
        data: Buffer.from(data, "base64"),
      }));
      return { messageIds: emulator.publish(topic, decoded) };
    },
  };
}

async function answer(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://control");
  const key = `${request.method} ${pathname}`;
  const route = Object.hasOwn(routes, key) ? routes[key] : undefined;
  if (!route) {
    send(response, 404, { error: `No ${key} here; known: ${Object.keys(routes).join(", ")}.` });
    return;
  }
  send(response, 200, route(searchParams, await bodyOf(request, maxBytes)));
}

async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw invalid(`The body is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw invalid(`The body is not JSON: ${toError(cause).message.slice(0, 100)}`);
  }
}

function parsed<S extends TSchema>(schema: S, body: unknown): Static<S> {
  if (Value.Check(schema, body)) return body;
  const problems = Value.Errors(schema, body).map((e) => `${e.instancePath || "/"} ${e.message}`);
  throw invalid(`Not a valid body: ${problems.slice(0, 5).join("; ")}.`);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
