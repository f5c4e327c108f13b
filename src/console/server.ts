// The console's server: the REST API, its description, and a page. It runs beside the pipelines and must never be a
// burden to them: few connections, small bodies, short patience.
//
// Life: listening (from `startConsole`) -> closed.

import swagger from "@fastify/swagger";
import { Ajv } from "ajv";
import fastify, { type FastifyInstance } from "fastify";

import { RunError } from "../engine/errors.ts";
import type { LettersFound } from "../live/trace-search.ts";
import { installErrorAnswers } from "./api-error.ts";
import { Authentication } from "./authentication.ts";
import { installBrowserRules, isLoopbackHost } from "./browser-rules.ts";
import { changeTeller } from "./changes.ts";
import type { ConsolePipeline, ConsoleWorld, ProcessWorld } from "./console-world.ts";
import { destinationRoutes } from "./destination-routes.ts";
import { enablementRoutes } from "./enablement-routes.ts";
import { flagRoutes } from "./flag-routes.ts";
import { letterRoutes } from "./letter-routes.ts";
import { type LiveRouteWorld, liveRoutes } from "./live-routes.ts";
import { builtPages, readPageFiles } from "./page-files.ts";
import { isPage, pageRoutes } from "./pages.ts";

export interface ConsoleOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Asked of every request but those for the pages; a must when others than this machine can reach the address. */
  readonly token: string | undefined;
  /** Further host names under which it is reached. */
  readonly names: readonly string[];
}

export interface Console {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 256 * 1024;
const MAX_CONNECTIONS = 32;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_PARAM_LENGTH = 300;

/** Throws RunError `console-needs-token`, `console-token-weak`, `console-address`. */
export async function startConsole(options: ConsoleOptions, world: ConsoleWorld): Promise<Console> {
  const { host, port, token } = options;
  if (token === undefined && !isLoopbackHost(host))
    throw new RunError(
      "console-needs-token",
      `${host} can be reached by others, so the console needs a token: set SLUICE_CONSOLE_TOKEN, or use 127.0.0.1`,
    );
  const app = newApp();
  installErrorAnswers(app, world.log);
  installBrowserRules(app, options);
  const pages = readPageFiles(builtPages());
  if (token !== undefined) {
    const authentication = new Authentication(token, world.clock);
    app.addHook("onRequest", async (request) => {
      if (!isPage(pages, request)) authentication.check(request.headers.authorization, request.ip);
    });
  }
  await app.register(swagger, { openapi: describeApi(world.version, token !== undefined) });
  app.register(async (routes) => {
    destinationRoutes(routes, world);
    flagRoutes(routes, world);
    enablementRoutes(routes, world);
    letterRoutes(routes, world);
    processRoutes(routes, world, () => changeTeller(world));
    pageRoutes(routes, pages);
  });
  try {
    const url = await app.listen({ host, port });
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new RunError("console-address", `the console cannot listen on ${host}:${port}: ${code}`, {
      cause: error,
    });
  }
}

/**
 * The part that every process can answer, for the local socket: whoever may open that is the same user, so there is no
 * token. It does not listen: requests are handed to its `routing`.
 */
export async function localApp(world: ProcessWorld): Promise<FastifyInstance> {
  const app = newApp();
  installErrorAnswers(app, world.log);
  installBrowserRules(app, { host: "localhost", names: [] });
  await app.register(swagger, { openapi: describeApi(world.version, false) });
  app.register(async (routes) => processRoutes(routes, world));
  await app.ready();
  return app;
}

function processRoutes(
  routes: FastifyInstance,
  world: ProcessWorld,
  changeTeller?: LiveRouteWorld["changeTeller"],
): void {
  const about = (id: string) => lettersAbout(id, world.pipelines());
  liveRoutes(routes, { live: world.live, lettersAbout: about, changeTeller });
  routes.get("/openapi.json", { schema: { hide: true } }, async () => routes.swagger());
}

/** One pipeline whose letters were not searched makes the whole answer incomplete. */
async function lettersAbout(id: string, pipelines: readonly ConsolePipeline[]): Promise<LettersFound> {
  const found = await Promise.all(pipelines.map((pipeline) => pipeline.lettersAbout(id)));
  const worst = (["none", "newest", "all"] as const).find((how) =>
    found.some(({ searched }) => searched === how),
  );
  return { letters: found.flatMap(({ letters }) => letters), searched: worst ?? "all" };
}

function newApp(): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 1_000 },
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    logger: false,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  // Bodies are checked where they are understood, with better messages; their schemas are for the description.
  const ajv = new Ajv({ coerceTypes: true, useDefaults: true, strict: false, logger: false });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === "body" ? () => true : ajv.compile(schema as object),
  );
  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser(
    ["application/json-patch+json", "application/merge-patch+json"],
    { parseAs: "string" },
    app.getDefaultJsonParser("error", "error"),
  );
  return app;
}

function describeApi(version: string, hasToken: boolean) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version,
      description:
        "Destinations and flags in the shape of LaunchDarkly's REST API, and what Sluice knows beyond it. Nothing here ever holds a write key.",
    },
    ...(hasToken
      ? {
          components: {
            securitySchemes: {
              token: { type: "apiKey" as const, name: "Authorization", in: "header" as const },
            },
          },
          security: [{ token: [] }],
        }
      : {}),
  };
}
