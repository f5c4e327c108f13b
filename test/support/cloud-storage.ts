// A local Cloud Storage: the part of the JSON API (v1) by which objects are listed and read, and its faults.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { CRC32C } from "@google-cloud/storage";
import { onTestFinished, vi } from "vitest";

export interface Stored {
  readonly content: Buffer;
  readonly generation: string;
  readonly crc32c: string;
}

export interface Asked {
  readonly what: "list" | "read";
  readonly object: string;
  readonly from: number;
  readonly to: number;
}

/** What happens to an answer: a status in its place, or the connection cut after so many bytes of it. */
export type Fault = { readonly status: number } | { readonly cutAfter: number } | { readonly flip: number };

export class LocalCloudStorage {
  readonly asked: Asked[] = [];
  /** Called for each request; undefined: it is answered well. */
  fault: (asked: Asked) => Fault | undefined = () => undefined;
  objectsAPage = 1_000;
  private readonly objects = new Map<string, Stored>();
  private generations = 1_000;
  private readonly server = createServer((request, response) => this.answer(request, response));

  /** Listening, and where Google's client looks for it, until the test ends. */
  static async start(): Promise<LocalCloudStorage> {
    const storage = new LocalCloudStorage();
    await new Promise<void>((resolve) => storage.server.listen(0, "127.0.0.1", () => resolve()));
    vi.stubEnv("STORAGE_EMULATOR_HOST", storage.url);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      storage.server.closeAllConnections();
      await new Promise((resolve) => storage.server.close(resolve));
    });
    return storage;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** In the one bucket there is: `b`. A new generation, as each write makes one. */
  put(name: string, content: Uint8Array | string, with_: { readonly crc32c?: string } = {}): void {
    const bytes = Buffer.from(content);
    const sum = new CRC32C();
    sum.update(bytes);
    this.generations += 1;
    const generation = String(this.generations);
    this.objects.set(name, { content: bytes, generation, crc32c: with_.crc32c ?? sum.toString() });
  }

  delete(name: string): void {
    this.objects.delete(name);
  }

  readsOf(name: string): Asked[] {
    return this.asked.filter(({ what, object }) => what === "read" && object === name);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", this.url);
    const [, bucket, name] = /\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname) ?? [];
    if (bucket !== "b") fail(response, 404);
    else if (name === undefined) this.list(url.searchParams, response);
    else this.read(decodeURIComponent(name), url.searchParams, request, response);
  }

  private list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get("prefix") ?? "";
    const fault = this.note({ what: "list", object: prefix, from: 0, to: 0 });
    if (fault && "status" in fault) {
      fail(response, fault.status);
      return;
    }
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
    const from = Number(query.get("pageToken") ?? 0);
    const size = Math.min(this.objectsAPage, Number(query.get("maxResults") ?? 1_000));
    const items = names.slice(from, from + size).map((name) => {
      const { content, generation, crc32c } = this.objects.get(name)!;
      return { name, size: String(content.length), generation, crc32c, updated: "2026-01-01T00:00:00Z" };
    });
    const isMore = from + size < names.length;
    const body = {
      ...(items.length > 0 ? { items } : {}),
      ...(isMore ? { nextPageToken: String(from + size) } : {}),
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  private read(
    name: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const stored = this.objects.get(name);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const size = stored?.content.length ?? 0;
    const [from, to] = [Number(first ?? 0), Math.min(size, Number(last ?? size - 1) + 1)];
    const fault = this.note({ what: "read", object: name, from, to });
    const status = fault && "status" in fault ? fault.status : undefined;
    const isThere = stored && query.get("generation") === stored.generation && query.get("alt") === "media";
    if (status !== undefined || !isThere || from >= size) {
      fail(response, status ?? (isThere ? 416 : 404));
      return;
    }
    const bytes = Buffer.from(stored.content.subarray(from, to));
    if (fault && "flip" in fault && fault.flip >= from && fault.flip < to) bytes[fault.flip - from]! ^= 1;
    response.writeHead(206, {
      "content-type": "application/octet-stream",
      "content-length": bytes.length,
      "content-range": `bytes ${from}-${to - 1}/${size}`,
      "x-goog-generation": stored.generation,
      "x-goog-hash": `crc32c=${stored.crc32c}`,
    });
    if (fault && "cutAfter" in fault && fault.cutAfter < bytes.length)
      response.write(bytes.subarray(0, fault.cutAfter), () => response.destroy());
    else response.end(bytes);
  }

  private note(asked: Asked): Fault | undefined {
    this.asked.push(asked);
    return this.fault(asked);
  }
}

function fail(response: ServerResponse, status: number): void {
  const body = { error: { code: status, message: `made to answer ${status}` } };
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
