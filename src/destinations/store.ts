// The embedded store of destinations and enablement: LMDB, one small file in a folder of its own.
//
// LMDB because a change is whole or not there after any crash, and because several processes on one machine may
// have it open and write to it at once: the command line changes what a running pipeline uses, without a server in
// between. It is not for network file systems.
//
//   ["meta"]                                  { format, generation }
//   ["destination", id]                       StoredDestination
//   ["environment", environment, project]     StoredEnvironment
//   ["flags", environment, project]           string[]
//
// Every transaction that changes something raises `generation`; whoever watches looks at it a few times a second.
// Life: open -> closed.

import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Database, Key, RootDatabase } from "lmdb";

import { type Clock, systemClock } from "../engine/clock.ts";
import { RunError, toError } from "../engine/errors.ts";

const FORMAT = 1;
const WATCH_MS = 250;
/** LMDB closes a range with a key; this one sorts after every text. */
const AFTER_TEXTS = Buffer.from([0xff]);

interface Meta {
  readonly format: number;
  readonly generation: number;
}

/** Reads and writes inside one transaction. */
export interface StoreView {
  get<T>(key: Key): T | undefined;
  /** All entries below a prefix, in key order. */
  under<T>(prefix: readonly string[]): { key: readonly string[]; value: T }[];
}

export interface StoreWriter extends StoreView {
  put(key: Key, value: unknown): void;
  remove(key: Key): void;
}

export class Store implements StoreView {
  private readonly watchers = new Set<() => void>();
  private cancelWatch: () => void = () => {};
  private seen: number;
  private closed = false;

  private constructor(
    private readonly db: RootDatabase<unknown, Key>,
    private readonly clock: Clock,
  ) {
    this.seen = this.generation;
  }

  /** Makes the folder when it is not there, readable by its owner only. Throws RunError `store-unusable`. */
  static async open(folder: string, clock: Clock = systemClock): Promise<Store> {
    const { open } = await import("lmdb");
    let db: RootDatabase<unknown, Key>;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      db = open({
        path: folder,
        encoding: "json",
        // A commit resolves when it is on the disk.
        overlappingSync: false,
        maxDbs: 0,
      });
      for (const file of ["data.mdb", "lock.mdb"]) chmodSync(join(folder, file), 0o600);
    } catch (error) {
      throw new RunError(
        "store-unusable",
        `the store ${folder} cannot be opened: ${toError(error).message}`,
        {
          cause: error,
        },
      );
    }
    const store = new Store(db, clock);
    await store.checkFormat(folder);
    return store;
  }

  static isThere(folder: string): boolean {
    return existsSync(join(folder, "data.mdb"));
  }

  /** Grows with every change, whichever process makes it. */
  get generation(): number {
    // LMDB holds its read view for the rest of the event turn; this asks for the newest.
    this.db.resetReadTxn();
    return (this.db.get(["meta"]) as Meta | undefined)?.generation ?? 0;
  }

  get<T>(key: Key): T | undefined {
    return this.db.get(key) as T | undefined;
  }

  under<T>(prefix: readonly string[]): { key: readonly string[]; value: T }[] {
    return entriesUnder<T>(this.db, prefix);
  }

  /**
   * One transaction over all processes. `change` reads and checks first and writes last: what it throws before
   * its first write leaves everything as it was. Resolves when it is on the disk.
   */
  async change<T>(change: (writer: StoreWriter) => T): Promise<T> {
    const { db } = this;
    let writes: (() => void)[] = [];
    const result = await db.transaction(() => {
      writes = [];
      const value = change({
        get: <V>(key: Key) => db.get(key) as V | undefined,
        under: <V>(prefix: readonly string[]) => entriesUnder<V>(db, prefix),
        put: (key, entry) => void writes.push(() => db.putSync(key, entry)),
        remove: (key) => void writes.push(() => db.removeSync(key)),
      });
      if (writes.length === 0) return value;
      for (const write of writes) write();
      const generation = ((db.get(["meta"]) as Meta | undefined)?.generation ?? 0) + 1;
      db.putSync(["meta"], { format: FORMAT, generation });
      return value;
    });
    if (!this.closed) this.look();
    return result;
  }

  /** Calls `changed` soon after any process changed something: at most 250 ms later. Returns the way out. */
  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    if (this.watchers.size === 1) this.watchLater();
    return () => {
      this.watchers.delete(changed);
      if (this.watchers.size === 0) this.cancelWatch();
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelWatch();
    this.watchers.clear();
    await this.db.close();
  }

  private watchLater(): void {
    this.cancelWatch = this.clock.after(WATCH_MS, () => {
      this.look();
      if (this.watchers.size > 0) this.watchLater();
    });
  }

  private look(): void {
    const { generation } = this;
    if (generation === this.seen) return;
    this.seen = generation;
    for (const changed of [...this.watchers]) changed();
  }

  private async checkFormat(folder: string): Promise<void> {
    const meta = this.get<Meta>(["meta"]);
    if (meta === undefined || meta.format === FORMAT) return;
    await this.close();
    throw new RunError(
      "store-unusable",
      `the store ${folder} has format ${meta.format}, this version reads ${FORMAT}; use the version that wrote it`,
    );
  }
}

function entriesUnder<T>(
  db: Database<unknown, Key>,
  prefix: readonly string[],
): { key: readonly string[]; value: T }[] {
  const range = db.getRange({ start: [...prefix], end: [...prefix, AFTER_TEXTS] });
  return [...range].map(({ key, value }) => ({ key: key as readonly string[], value: value as T }));
}
