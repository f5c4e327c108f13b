// Schema revisions of Pub/Sub topics, fetched by name and kept (Pub/Sub docs, "Commit a schema revision").
//
// State, per name and revision: unknown → one fetch under way, shared by all who ask → kept, or absent (asked
// again only after a while), or back to unknown when the fetch failed.

import type { WriterSchema } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { writerSchema } from "./schema.ts";

export interface SchemaRevisions {
  /** Whether `peek` needs no `get` before it. */
  ready(name: string, revision: string): boolean;
  /** What is kept, the reason for having nothing included. */
  peek(name: string, revision: string): WriterSchema | DataError | undefined;
  /**
   * `name` is `projects/P/schemas/S`; an empty revision means the newest one when it is first asked for. Rejects
   * with DataError `avro-schema-not-found` or `avro-schema-unsupported`; anything else is trouble on the way.
   */
  get(name: string, revision: string): Promise<WriterSchema>;
  close(): Promise<void>;
}

/** Fetches the definition of `projects/P/schemas/S@REV`. */
export interface SchemaFetcher {
  fetch(fullName: string): Promise<{ readonly type: string; readonly definition: string }>;
  close(): Promise<void>;
}

/** gRPC's NOT_FOUND and INVALID_ARGUMENT. */
const ABSENT_CODES: readonly unknown[] = [5, 3];
/** More than the values of one chunk, so that what `prepare` fetched is still there in `apply`. */
const MAX_REVISIONS = 1024;
const ABSENT_FOR_MS = 30_000;

interface Kept {
  readonly found: WriterSchema | DataError;
  readonly untilMs: number;
}

export function schemaRevisions(fetcher: SchemaFetcher, nowMs: () => number): SchemaRevisions {
  const kept = new BoundedCache<string, Kept>(MAX_REVISIONS);
  const fetching = new Map<string, Promise<WriterSchema>>();

  const fresh = (fullName: string): WriterSchema | DataError | undefined => {
    const known = kept.get(fullName);
    return known && nowMs() < known.untilMs ? known.found : undefined;
  };
  const load = async (fullName: string): Promise<WriterSchema> => {
    try {
      const schema = await fetchAvro(fetcher, fullName);
      kept.set(fullName, { found: schema, untilMs: Number.POSITIVE_INFINITY });
      return schema;
    } catch (error) {
      if (error instanceof DataError) kept.set(fullName, { found: error, untilMs: nowMs() + ABSENT_FOR_MS });
      throw error;
    } finally {
      fetching.delete(fullName);
    }
  };
  return {
    ready: (name, revision) => fresh(fullNameOf(name, revision)) !== undefined,
    peek: (name, revision) => kept.get(fullNameOf(name, revision))?.found,
    async get(name, revision) {
      const fullName = fullNameOf(name, revision);
      const found = fresh(fullName);
      if (found instanceof DataError) throw new DataError(found.code, found.message);
      if (found) return found;
      const under = fetching.get(fullName) ?? load(fullName);
      fetching.set(fullName, under);
      return under;
    },
    close: () => fetcher.close(),
  };
}

function fullNameOf(name: string, revision: string): string {
  return revision === "" ? name : `${name}@${revision}`;
}

async function fetchAvro(fetcher: SchemaFetcher, fullName: string): Promise<WriterSchema> {
  let found: { readonly type: string; readonly definition: string };
  try {
    found = await fetcher.fetch(fullName);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (!ABSENT_CODES.includes(error.code)) throw error;
    throw new DataError("avro-schema-not-found", `Pub/Sub has no schema ${fullName}.`, { cause: error });
  }
  if (found.type !== "AVRO")
    throw new DataError(
      "avro-schema-unsupported",
      `The schema ${fullName} is of type ${found.type}, not AVRO.`,
    );
  return writerSchema(found.definition);
}
