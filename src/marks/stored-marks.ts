// All delivered marks of an installation, for who wants events sent again: seen, and forgotten.

import { createClient } from "@redis/client";

import { toError } from "../engine/errors.ts";

export interface MarksFacts {
  /** Ids with a mark; one that was delivered to two destinations counts twice. */
  readonly ids: number;
  /** Sorted. */
  readonly destinations: readonly string[];
}

interface MarksPlace {
  readonly url: string;
  readonly prefix: string;
}

const CONNECT_MS = 5_000;
const KEYS_AT_ONCE = 100;

export class StoredMarks {
  private constructor(
    private readonly client: ReturnType<typeof clientOf>,
    private readonly prefix: string,
  ) {}

  /** Throws when the store cannot be reached: who asked for it must not go on as if there were no marks. */
  static async connect({ url, prefix }: MarksPlace): Promise<StoredMarks> {
    const client = clientOf(url);
    // Each command rejects with it as well.
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw new Error(`store of delivered marks at ${new URL(url).host}: ${toError(error).message}`);
    }
    return new StoredMarks(client, prefix);
  }

  async facts(): Promise<MarksFacts> {
    const destinations = new Set<string>();
    let ids = 0;
    for await (const keys of this.keys()) {
      for (const key of keys) {
        destinations.add(/:marks:\{(.*)\}:\d+$/.exec(key)?.[1] ?? key);
        ids += await this.client.sCard(key);
      }
    }
    return { ids, destinations: [...destinations].sort() };
  }

  /** Of all destinations: which of them a replay goes to is known only when its events come. */
  async forget(): Promise<void> {
    for await (const keys of this.keys()) if (keys.length > 0) await this.client.unlink(keys);
  }

  close(): void {
    this.client.destroy();
  }

  private keys(): AsyncIterable<string[]> {
    const prefix = this.prefix.replace(/[\\*?[\]]/g, String.raw`\$&`);
    return this.client.scanIterator({ MATCH: `${prefix}:marks:{*}:*`, COUNT: KEYS_AT_ONCE });
  }
}

/** One person waits for one answer: nothing is tried again. */
function clientOf(url: string) {
  return createClient({ url, socket: { connectTimeout: CONNECT_MS, reconnectStrategy: false } });
}
