// Who may talk to the console from a browser (OWASP cheat sheets: CSRF prevention, content security policy).
//
// A console on loopback is reached by any page that a person has open, so:
// - the Host must be a name of ours: a foreign name that was made to resolve to this machine is refused (DNS rebinding);
// - Sec-Fetch-Site must be same-origin or none, and an Origin must be ours: a foreign page changes and reads nothing;
// - a body must be JSON: a form can send none without the browser asking first;
// - pages run no script and load nothing but from here.

import { isIP } from "node:net";

import type { FastifyInstance, FastifyRequest } from "fastify";

import { forbidden } from "./api-error.ts";

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

export interface BrowserRules {
  /** The address that is listened on. */
  readonly host: string;
  /** Further names under which the console is reached: behind a proxy, for example. */
  readonly names: readonly string[];
}

export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export function installBrowserRules(app: FastifyInstance, rules: BrowserRules): void {
  const names = new Set([hostText(rules.host), ...rules.names.map((name) => name.toLowerCase())]);
  if (isLoopbackHost(rules.host)) for (const name of LOOPBACK_NAMES) names.add(name);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HEADERS);
    checkHost(request, names);
    checkOrigin(request);
  });
}

function checkHost({ headers }: FastifyRequest, names: ReadonlySet<string>): void {
  const name = (headers.host ?? "").toLowerCase().replace(/:\d+$/, "");
  if (!names.has(name))
    throw forbidden("This host name is not one of the console's; start it with --console-name to allow it.");
}

function checkOrigin({ headers, method, url }: FastifyRequest): void {
  const site = headers["sec-fetch-site"];
  // Following a link to a page shows it to the person, not to the site that the link stands on.
  const isVisit = method === "GET" && headers["sec-fetch-mode"] === "navigate" && !url.startsWith("/api/");
  if (site !== undefined && site !== "same-origin" && site !== "none" && !isVisit)
    throw forbidden("Requests from other sites are refused.");
  const { origin } = headers;
  if (origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== (headers.host ?? "").toLowerCase())
    throw forbidden("Requests from other origins are refused.");
}

function hostText(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
}
