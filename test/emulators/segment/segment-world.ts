import { afterEach } from "vitest";

import {
  type SegmentEmulator,
  type SegmentEmulatorOptions,
  startSegment,
} from "../../../src/emulators/segment/emulator.ts";

export const KEY = "abcdefghijklmnopqrstuvwxyz012345";
const closing: SegmentEmulator[] = [];
afterEach(async () => {
  for (const server of closing.splice(0)) await server.close();
});

/** Closed after the test. */
export async function segment(options: SegmentEmulatorOptions = {}): Promise<SegmentEmulator> {
  const server = await startSegment(options);
  closing.push(server);
  return server;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function post(
  server: SegmentEmulator,
  body: unknown,
  { path = "/v1/batch", headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const raw = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const answer = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: raw,
    redirect: "manual",
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

let serial = 0;
export function event(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: "track", event: "feature", userId: "u", messageId: `m-${serial++}`, ...fields };
}

export const batch = (...events: unknown[]): unknown => ({
  batch: events,
  writeKey: KEY,
  sentAt: new Date().toISOString(),
});
export const codes = (server: SegmentEmulator): string[] => server.dropped().map(({ code }) => code);
