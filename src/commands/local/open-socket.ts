// The local socket of a running process: its REST API without destinations, for `sluice top`, `tap` and `trace`. Who may
// open it is decided by the folder's and the socket's permissions, so there is no token.
//
// The API is loaded when someone asks for the first time: a process that nobody watches pays for a file, no more.

import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import type { ProcessWorld } from "../../console/console-world.ts";
import { toError } from "../../engine/errors.ts";
import { type Env, hasLocalSockets, livingPids, makeFolder, runtimeFolder, socketPath } from "./place.ts";

export interface LocalSocket {
  /** Undefined: there is none, and the log says why. */
  readonly path: string | undefined;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 32;
const PATIENCE_MS = 10_000;
const NO_SOCKET: LocalSocket = { path: undefined, close: async () => {} };

/** Never rejects: a process runs on without it. */
export async function openLocalSocket(world: ProcessWorld, env: Env, pid: number): Promise<LocalSocket> {
  if (!hasLocalSockets()) {
    world.log.debug({}, "no local socket on Windows: sluice top, tap and trace cannot find this process");
    return NO_SOCKET;
  }
  try {
    return await listen(world, env, pid);
  } catch (error) {
    const why = toError(error).message;
    world.log.warn({ why }, "no local socket: sluice top, tap and trace cannot find this process");
    return NO_SOCKET;
  }
}

async function listen(world: ProcessWorld, env: Env, pid: number): Promise<LocalSocket> {
  const folder = runtimeFolder(env);
  const path = socketPath(folder, pid);
  await makeFolder(folder);
  await livingPids(folder); // Removes what was left behind.
  await rm(path, { force: true });
  const handler = lazily(world);
  const server = createServer({ headersTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS }, handler.answer);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
  return {
    path,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await handler.close();
      await rm(path, { force: true });
    },
  };
}

/** Makes the API with the first request. */
function lazily(world: ProcessWorld) {
  let loading: ReturnType<typeof load> | undefined;
  const load = async () => {
    const { localApp } = await import("../../console/server.ts");
    return localApp(world);
  };
  return {
    answer(request: IncomingMessage, response: ServerResponse): void {
      loading ??= load();
      loading.then(
        (app) => app.routing(request, response),
        (error: unknown) => {
          world.log.error({ err: error }, "the local API cannot be made");
          response.writeHead(500).end();
        },
      );
    },
    close: async () => (await loading)?.close(),
  };
}
