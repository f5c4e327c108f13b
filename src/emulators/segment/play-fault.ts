import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Clock } from "../../engine/clock.ts";
import type { FaultAction } from "./faults.ts";

const DEFAULT_EVERY_MS = 50;
const ANNOUNCED_BYTES = 1_000;
const JSON_TYPE = { "content-type": "application/json" };

/** Plays everything but "answer" and "reset-before-body". Returns the status that was sent, or "none". */
export function playFault(action: FaultAction, response: ServerResponse, clock: Clock): number | "none" {
  switch (action.kind) {
    case "status":
      response
        .writeHead(action.status, { ...JSON_TYPE, ...action.headers })
        .end(action.body ?? '{"success":false}');
      return action.status;
    case "redirect": {
      const status = action.status ?? 307;
      response.writeHead(status, { location: action.location }).end();
      return status;
    }
    case "drip":
      return drip(action, response, clock);
    case "cut":
      return cut(action.status ?? 200, response);
    case "garbage-body":
      response
        .writeHead(action.status ?? 200, JSON_TYPE)
        .end(Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x22, 0x80]));
      return action.status ?? 200;
    case "slow-headers":
      return slowHeaders(action.everyMs, response, clock);
    case "garbage":
      response.socket?.end("this is no HTTP\r\n\r\n");
      return "none";
    case "reset-after-body":
      response.socket?.resetAndDestroy();
      return "none";
    default:
      return "none";
  }
}

function drip(action: { status?: number; everyMs?: number }, response: ServerResponse, clock: Clock): number {
  const status = action.status ?? 200;
  response.writeHead(status, JSON_TYPE);
  response.flushHeaders();
  if (response.socket)
    repeat(clock, action.everyMs ?? DEFAULT_EVERY_MS, response.socket, () => void response.write(" "));
  return status;
}

function cut(status: number, response: ServerResponse): number {
  response.writeHead(status, { ...JSON_TYPE, "content-length": String(ANNOUNCED_BYTES) });
  response.write('{"succ', () => void response.socket?.destroy());
  return status;
}

function slowHeaders(everyMs: number | undefined, response: ServerResponse, clock: Clock): "none" {
  const { socket } = response;
  const text = "HTTP/1.1 200 OK\r\nx-slow: ";
  let at = 0;
  if (socket) repeat(clock, everyMs ?? DEFAULT_EVERY_MS, socket, () => void socket.write(text[at++] ?? "a"));
  return "none";
}

/** Until the socket closes. */
function repeat(clock: Clock, ms: number, socket: Socket, fn: () => void): void {
  let cancel = (): void => undefined;
  const again = (): void => {
    fn();
    cancel = clock.after(ms, again);
  };
  socket.once("close", () => cancel());
  again();
}
