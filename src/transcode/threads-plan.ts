// The fused plan of one run in threads of their own: this thread hands out blocks and takes back packed events, looks for
// duplicates (over all threads), and settles.
//
// State: each block handed out waits in `pending` until its answer; buffers go round through `spaces` and `bodies`. A
// scope (project and environment) is told to a thread before the first block that needs it, and again when it is
// another one: before every block this thread compares what it told with what holds now, so that an edit of a
// destination or a flag holds for the next block, as without threads.

import { Worker } from "node:worker_threads";

import type { Destinations, Enablement } from "../engine/contracts.ts";
import type { DataBlock, FusedPlan, PackedEvents } from "../engine/packed.ts";
import { toError } from "../engine/errors.ts";
import { type IsDuplicate, Spaces, withoutDuplicates } from "./plan.ts";
import type { FromThread, ThreadSettings, ToThread } from "./thread-messages.ts";

/** A thread, or what a test puts in its place. */
export interface ThreadPort {
  post(message: ToThread, transfer: readonly ArrayBuffer[]): void;
  onMessage(take: (message: FromThread) => void): void;
  /** The thread is gone. */
  onError(failed: (error: Error) => void): void;
  close(): Promise<void>;
}

interface Pending {
  readonly block: DataBlock;
  readonly resolve: (events: PackedEvents | undefined) => void;
  readonly reject: (error: Error) => void;
}

interface Scope {
  readonly project: string;
  readonly environment: string;
  exported: ReturnType<Enablement["forEnvironment"]>;
  list: ReturnType<Destinations["forEnvironment"]>;
}

interface Thread {
  readonly port: ThreadPort;
  readonly schemas: Set<string>;
  waiting: number;
}

export interface ThreadsPlanSettings {
  readonly destinations: Destinations;
  readonly enablement: Enablement;
  readonly separator: number;
  readonly isDuplicate: IsDuplicate | undefined;
}

const MAX_SCOPES = 1_000;

export class ThreadsPlan implements FusedPlan {
  private readonly threads: Thread[];
  private readonly pending = new Map<number, Pending>();
  private readonly scopes = new Map<string, Scope>();
  private readonly spaces = new Spaces();
  private readonly bodies = new Spaces();
  private failure: Error | undefined;
  private closed = false;
  private serial = 0;

  constructor(
    ports: readonly ThreadPort[],
    private readonly settings: ThreadsPlanSettings,
  ) {
    this.threads = ports.map((port) => ({ port, schemas: new Set(), waiting: 0 }));
    for (const thread of this.threads) {
      thread.port.onMessage((message) => this.answered(thread, message));
      thread.port.onError((error) => this.fail(error));
    }
  }

  run(block: DataBlock): Promise<PackedEvents | undefined> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.handOut({ block, resolve, reject }));
  }

  free(events: PackedEvents): void {
    this.spaces.put(events.bytes);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.threads.map(({ port }) => port.close()));
  }

  private handOut(pending: Pending): void {
    const thread = this.threads.reduce((least, one) => (one.waiting < least.waiting ? one : least));
    const { body, borders, writerSchema } = pending.block;
    this.refreshScopes();
    if (writerSchema && !thread.schemas.has(writerSchema.key)) {
      thread.schemas.add(writerSchema.key);
      thread.port.post({ is: "schema", key: writerSchema.key, json: writerSchema.json }, []);
    }
    const id = this.serial++;
    this.pending.set(id, pending);
    thread.waiting += 1;
    // The block's own memory is shared with its neighbours, and dead letters are taken from it.
    const copy = ownMemory(this.bodies.take(body.length), body.length);
    Buffer.from(copy).set(body);
    const space = ownMemory(this.spaces.take(body.length), 0);
    const ownBorders = borders.slice();
    const transfer = [copy, space, ownBorders.buffer];
    thread.port.post(
      {
        is: "block",
        id,
        schema: writerSchema?.key,
        body: copy,
        bytes: body.length,
        borders: ownBorders,
        space,
      },
      transfer,
    );
  }

  private answered(thread: Thread, { id, body, space, result }: FromThread): void {
    thread.waiting -= 1;
    this.bodies.put(Buffer.from(body));
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (!pending) return; // The run failed meanwhile.
    if (result === "nothing" || "missing" in result) {
      this.spaces.put(Buffer.from(space));
      if (result === "nothing") pending.resolve(undefined);
      else this.tellAndRepeat(result.missing, pending);
      return;
    }
    const { separator, isDuplicate } = this.settings;
    const events = { ...result, bytes: Buffer.from(space), separator };
    pending.resolve(isDuplicate ? withoutDuplicates(events, isDuplicate) : events);
  }

  private tellAndRepeat([project, environment]: readonly [string, string], pending: Pending): void {
    const key = JSON.stringify([project, environment]);
    // A file of made-up environments must not fill the memory: those go through the stages.
    if (this.scopes.size >= MAX_SCOPES && !this.scopes.has(key)) {
      pending.resolve(undefined);
      return;
    }
    if (!this.scopes.has(key)) {
      const scope = { project, environment, exported: undefined, list: [] };
      this.scopes.set(key, scope);
      this.tell(scope);
    }
    this.handOut(pending);
  }

  private refreshScopes(): void {
    const { destinations, enablement } = this.settings;
    for (const scope of this.scopes.values()) {
      const { project, environment } = scope;
      const same =
        enablement.forEnvironment(project, environment) === scope.exported &&
        destinations.forEnvironment(project, environment) === scope.list;
      if (!same) this.tell(scope);
    }
  }

  private tell(scope: Scope): void {
    const { project, environment } = scope;
    scope.exported = this.settings.enablement.forEnvironment(project, environment);
    scope.list = this.settings.destinations.forEnvironment(project, environment);
    const receivers = scope.list.map(({ id, config }) => ({
      id,
      // Nothing else of it leaves this thread: the rest holds functions, and a key.
      config: {
        userIdContextKind: config.userIdContextKind,
        anonymousIdContextKind: config.anonymousIdContextKind,
      },
    }));
    const message = { is: "scope", project, environment, exported: scope.exported, receivers } as const;
    for (const { port } of this.threads) port.post(message, []);
  }

  private fail(error: Error): void {
    if (this.closed) return;
    this.failure ??= error;
    for (const { reject } of this.pending.values()) reject(this.failure);
    this.pending.clear();
  }
}

/** The whole memory under a buffer that has it for itself, at least `bytes` of it. */
function ownMemory({ buffer }: Buffer, bytes: number): ArrayBuffer {
  // Of our own making (Spaces): never shared memory.
  return buffer.byteLength >= bytes ? (buffer as ArrayBuffer) : new ArrayBuffer(bytes);
}

const isSource = import.meta.url.endsWith(".ts");

/** A real thread. */
export function startThread(settings: ThreadSettings): ThreadPort {
  const worker = new Worker(new URL(isSource ? "./thread.ts" : "./thread.js", import.meta.url), {
    workerData: settings,
  });
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    onMessage: (take) => void worker.on("message", take),
    onError(failed) {
      worker.on("error", (error) => failed(toError(error)));
      worker.on("exit", (code) => failed(new Error(`a transcoding thread ended with code ${code}`)));
    },
    close: async () => void (await worker.terminate()),
  };
}
