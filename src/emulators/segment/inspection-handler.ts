// Everything that is not the tracking API: the debugger page and its data, the settings preflight, and the
// control endpoint.
//
// A page in a browser may not read or steer this server through a foreign name (DNS rebinding) or a form post:
// on a loopback address only loopback names are served, and control takes JSON from loopback only.

import type { IncomingMessage, ServerResponse } from "node:http";

import { applyControl } from "./control.ts";
import { DEBUGGER_CSP, debuggerPage } from "./debugger-page.ts";
import type { FaultScript } from "./faults.ts";
import type { IngestHandler } from "./ingest-handler.ts";
import { outputOf } from "./output-event.ts";
import { readBody } from "./read-body.ts";
import type { Workspace } from "./workspace.ts";

const MAX_LISTED = 1_000;
const DEFAULT_LISTED = 50;
const MAX_CONTROL_BYTES = 65_536;
const SETTINGS = /^\/v1\/projects\/([^/]+)\/settings$/;
const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

export class InspectionHandler {
  constructor(
    private readonly workspace: Workspace,
    private readonly faults: FaultScript,
    private readonly ingest: IngestHandler,
  ) {}

  handle(request: IncomingMessage, response: ServerResponse): void {
    // Not `new URL`: it throws on some request lines, and a stranger must not end the process.
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    if (request.method === "POST" && path === "/_control") this.control(request, response);
    else send(response, request.method === "GET" ? this.get(request, path, query) : NOT_FOUND);
  }

  private get(request: IncomingMessage, path: string, query: string): Reply {
    const settings = SETTINGS.exec(path);
    if (settings) return this.settings(settings[1]!);
    if (!isAllowedHost(request)) return FOREIGN_HOST;
    const asked = new URLSearchParams(query);
    const limit = listed(asked.get("limit"));
    switch (path) {
      case "/":
        return { status: 200, type: "text/html; charset=utf-8", text: debuggerPage() };
      case "/events.json":
        return json(200, { events: this.events(limit), dropped: this.dropped(limit) });
      case "/requests.json":
        return json(200, { requests: this.requests(limit) });
      case "/stats.json":
        return json(200, this.workspace.stats());
      case "/ids.ndjson":
        return this.ids(asked.get("id"));
      default:
        return NOT_FOUND;
    }
  }

  /** `atMs` by a clock that only goes forward: for what came in which second. */
  private requests(limit: number): unknown[] {
    return this.ingest
      .requests(limit)
      .map(({ at, atMs, path, events, bytes, status }) => ({ at, atMs, path, events, bytes, status }));
  }

  private events(limit: number): unknown[] {
    return this.workspace.taken(limit).map((taken) => {
      const output = outputOf(taken);
      return { seq: taken.seq, event: { ...output, writeKey: masked(output.writeKey) } };
    });
  }

  private dropped(limit: number): unknown[] {
    return this.workspace.dropped(limit).map((drop) => ({ ...drop, writeKey: masked(drop.writeKey) }));
  }

  /**
   * One line per id, `["<messageId>",<deliveries>,"<digest>",<differing>]`: the oracle's view from another process.
   * With `?id=` the line of that one only, if it came.
   */
  private ids(only: string | null): Reply {
    const { ledger } = this.workspace;
    const one = only === null ? undefined : ledger?.get(only);
    const records = only === null ? (ledger?.all() ?? []) : one ? [[only, one] as const] : [];
    let text = "";
    for (const [id, { deliveries, digest, differing }] of records)
      text += `${JSON.stringify([id, deliveries, digest, differing])}\n`;
    return { status: 200, type: "application/x-ndjson", text };
  }

  /** What Segment's own product asks the CDN to see whether a write key exists. */
  private settings(key: string): Reply {
    const problem = this.workspace.keyProblem(decoded(key));
    if (problem) return json(404, { code: problem.code, message: problem.reason });
    return json(200, { integrations: { "Segment.io": {} } });
  }

  private control(request: IncomingMessage, response: ServerResponse): void {
    const refusal = controlRefusal(request);
    if (refusal) {
      send(response, refusal);
      return;
    }
    readBody(request, MAX_CONTROL_BYTES, (body) => {
      const problem = body
        ? applyControl(body.toString("utf8"), this.faults, this.ingest)
        : "the body is too large";
      if (problem) send(response, json(400, { code: "bad_request", message: problem }));
      else send(response, json(200, { success: true, faults: this.faults.size }));
    });
  }
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function json(status: number, value: unknown): Reply {
  return { status, type: "application/json", text: JSON.stringify(value) };
}

const NOT_FOUND = json(404, { code: "not_found" });
const FOREIGN_HOST = json(403, { code: "host_not_allowed", message: "use a loopback name" });

function send(response: ServerResponse, { status, type, text }: Reply): void {
  response
    .writeHead(status, {
      "content-type": type,
      "content-security-policy": DEBUGGER_CSP,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    })
    .end(text);
}

function controlRefusal(request: IncomingMessage): Reply | undefined {
  if (!isLoopback(request.socket.remoteAddress))
    return json(403, { code: "loopback_only", message: "control is taken from this machine only" });
  if (!LOOPBACK_NAME.test(request.headers.host ?? "")) return FOREIGN_HOST;
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    return json(415, { code: "bad_request", message: "Content-Type must be application/json" });
  return undefined;
}

function isAllowedHost(request: IncomingMessage): boolean {
  return !isLoopback(request.socket.localAddress) || LOOPBACK_NAME.test(request.headers.host ?? "");
}

function listed(limit: string | null): number {
  const wanted = limit === null ? DEFAULT_LISTED : Number(limit);
  return Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_LISTED) : DEFAULT_LISTED;
}

function masked(writeKey: string): string {
  return `••••${writeKey.slice(-4)}`;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign is in no key: looked up as it is, it is not found.
    return text;
  }
}
