// The port for machines that watch: metrics and health, nothing else. It reads, it never changes anything, and needs no
// token; it should be reachable by the monitoring only.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { RunError, toError } from "../engine/errors.ts";
import type { HealthAnswers, Verdict } from "./health.ts";
import type { MetricsPage } from "./prometheus-page.ts";

export interface OperatorServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  close(): Promise<void>;
}

export interface OperatorServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly page: MetricsPage;
  readonly health: HealthAnswers;
}

const MAX_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 4_096;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Throws RunError `metrics-address` when it cannot listen there. */
export async function startOperatorServer(options: OperatorServerOptions): Promise<OperatorServer> {
  const { host, port } = options;
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => void answer(options, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new RunError("metrics-address", `Cannot listen on ${host}:${port}: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo; // It listens on TCP.
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: OperatorServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: Answer;
  try {
    result = await answerTo(options, request);
  } catch (error) {
    result = plain(500, toError(error).message);
  }
  const { status, type, body } = result;
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function answerTo({ page, health }: OperatorServerOptions, request: IncomingMessage): Promise<Answer> {
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "read only");
  switch (request.url?.split("?", 1)[0]) {
    case "/metrics":
      return { status: 200, type: page.contentType, body: await page.text() };
    case "/livez":
      return said(health.live());
    case "/readyz":
      return said(await health.ready());
    case "/startupz":
      return said(health.startup());
    default:
      return plain(404, "/metrics, /livez, /readyz and /startupz are here");
  }
}

function said({ ok, status, reasons }: Verdict): Answer {
  const body = `${JSON.stringify({ status, reasons })}\n`;
  return { status: ok ? 200 : 503, type: "application/json; charset=utf-8", body };
}

function plain(status: number, text: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}
