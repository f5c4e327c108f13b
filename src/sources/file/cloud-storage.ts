// Google Cloud Storage, as far as a backfill needs it: which objects there are, and bytes of one of them. Google's client is
// loaded when something of it is to be read; it brings credentials and the JSON API, retries are ours (retrying.ts).

import type { Readable } from "node:stream";

import type { GetFilesOptions, Storage } from "@google-cloud/storage";

export interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  readonly bytes: number;
  /** Changes whenever the object is written. */
  readonly generation: string;
  /** Of the whole object, base64; objects have one unless they were made in an unusual way. */
  readonly crc32c: string | undefined;
  readonly updatedMs: number;
}

export interface Checksum {
  update(bytes: Buffer): void;
  validate(expected: string): boolean;
}

export interface Page {
  readonly objects: readonly ObjectInfo[];
  readonly next: string | undefined;
}

export interface CloudStorage {
  /** One attempt at one page of what begins with `prefix`. */
  list(bucket: string, prefix: string, page: string | undefined): Promise<Page>;
  /** One attempt: the bytes `from` up to, not with, `to`, of exactly this generation, as they are stored. */
  read(object: ObjectInfo, from: number, to: number): Readable;
  checksum(): Checksum;
}

const OBJECTS_A_PAGE = 1_000;
const FIELDS = "items(name,size,generation,crc32c,updated),nextPageToken";

/** Google's, with the application's default credentials, or that of STORAGE_EMULATOR_HOST without. */
export async function openCloudStorage(): Promise<CloudStorage> {
  const { CRC32C, Storage } = await import("@google-cloud/storage");
  const storage = new Storage({ retryOptions: { autoRetry: false } });
  return {
    list: (bucket, prefix, page) => list(storage, bucket, prefix, page),
    read: ({ bucket, name, generation }, from, to) =>
      storage
        .bucket(bucket)
        .file(name, { generation })
        // What is stored compressed stays so: ranges are of the stored bytes, and gzip is known by its first ones.
        .createReadStream({ start: from, end: to - 1, validation: false, decompress: false }),
    checksum: () => new CRC32C(),
  };
}

/** What the JSON API says of an object: numbers are strings there. */
interface Item {
  readonly name: string;
  readonly size: string;
  readonly generation: string;
  readonly crc32c?: string;
  readonly updated?: string;
}

async function list(
  storage: Storage,
  bucket: string,
  prefix: string,
  page: string | undefined,
): Promise<Page> {
  const query: GetFilesOptions = {
    prefix,
    autoPaginate: false,
    maxResults: OBJECTS_A_PAGE,
    fields: FIELDS,
    ...(page === undefined ? {} : { pageToken: page }),
  };
  const [items, next] = await storage.bucket(bucket).getFiles(query);
  // With `fields` the client hands the items over as they came.
  const objects = (items as unknown as readonly Item[]).map(
    ({ name, size, generation, crc32c, updated }): ObjectInfo => ({
      bucket,
      name,
      bytes: Number(size),
      generation,
      crc32c,
      updatedMs: Date.parse(updated ?? "") || 0,
    }),
  );
  return { objects, next: (next as GetFilesOptions | null)?.pageToken };
}
