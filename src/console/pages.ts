// Serves the pages. They hold no data, so they need no token: what they show, they ask of the API.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { notFound } from "./api-error.ts";
import type { PageFile, PageFiles } from "./page-files.ts";

/** Each is the same document; the script in it looks at the address. */
const PAGES = ["/", "/destinations", "/destinations/*", "/flags", "/stream", "/dead-letters", "/trace"];
const A_YEAR = "public, max-age=31536000, immutable";
/** Kept, but asked about each time. */
const CHECKED = "no-cache";

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice</title></head>
<body><h1>Sluice</h1><p>The pages were not built: run <code>npm run build</code>. The REST API is there all the same:
<a href="/openapi.json">/openapi.json</a>.</p></body></html>
`;

export function pageRoutes(app: FastifyInstance, files: PageFiles): void {
  const index = files.get("/index.html");
  for (const path of PAGES)
    app.get(path, { schema: { hide: true } }, async (request, reply) =>
      index ? send(index, request, reply) : reply.type("text/html; charset=utf-8").send(NOT_BUILT),
    );
  for (const [path, file] of files)
    app.get(path, { schema: { hide: true } }, async (request, reply) => send(file, request, reply));
  app.get("/favicon.ico", { schema: { hide: true } }, async () => {
    throw notFound("The icon");
  });
}

/** What is served to whoever asks, with or without a token: these pages and files, and nothing else. */
export function isPage(files: PageFiles, { method, url }: { readonly method: string; readonly url: string }) {
  if (method !== "GET" && method !== "HEAD") return false;
  const path = url.split("?", 1)[0] ?? "";
  return files.has(path) || PAGES.includes(path) || path.startsWith("/destinations/");
}

function send(file: PageFile, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply
    .header("etag", file.etag)
    .header("cache-control", file.isHashed ? A_YEAR : CHECKED)
    .header("vary", "accept-encoding");
  if (isKnown(headers["if-none-match"], file.etag)) return reply.code(304).send();
  reply.type(file.type);
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(String(headers["accept-encoding"] ?? ""));
  return file.gzip && takesGzip
    ? reply.header("content-encoding", "gzip").send(file.gzip)
    : reply.send(file.bytes);
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? "").split(",").some((one) => one.trim() === etag);
}
