// Which objects of Cloud Storage a pattern means: `gs://bucket/name`, `gs://bucket/folder/`, or a glob.

import picomatch from "picomatch";

import { RunError } from "../../engine/errors.ts";
import type { CloudStorage, ObjectInfo, Page } from "./cloud-storage.ts";
import type { InputFile } from "./find-inputs.ts";
import { type Asking, retrying } from "./retrying.ts";

export const OBJECT_SCHEME = "gs://";

/**
 * Globs mean what they mean for files: `*` ends at a slash, `**` does not. A name without a glob's characters is an object,
 * or stands for all below it; a name that has them is found as it is written, too. Throws RunError `no-files` for
 * what is no address, and by the codes of `retrying`.
 */
export async function findObjects(
  pattern: string,
  storage: CloudStorage,
  asking: Omit<Asking, "what">,
): Promise<InputFile[]> {
  const [, bucket = "", name = ""] = /^gs:\/\/([^/]+)\/?(.*)$/s.exec(pattern) ?? [];
  if (bucket === "" || /[*?[\]{}!]/.test(bucket))
    throw new RunError(
      "no-files",
      `${pattern} names no bucket. Write gs://bucket/path, with a glob in the path only.`,
    );
  const { isGlob, base } = picomatch.scan(name);
  const prefix = isGlob ? (base === "" || base === "." ? "" : `${base}/`) : name;
  const matches = isGlob ? picomatch(name) : below(name);
  const found: InputFile[] = [];
  for await (const object of all(storage, bucket, prefix, { ...asking, what: `gs://${bucket}/${prefix}` })) {
    // A folder made in the console is an empty object with a slash at its end.
    if (object.name.endsWith("/")) continue;
    if (object.name === name || matches(object.name)) found.push(inputOf(object));
  }
  return found;
}

function below(name: string): (other: string) => boolean {
  const folder = name === "" || name.endsWith("/") ? name : `${name}/`;
  return (other) => other.startsWith(folder);
}

async function* all(
  storage: CloudStorage,
  bucket: string,
  prefix: string,
  asking: Asking,
): AsyncGenerator<ObjectInfo> {
  for (let at: string | undefined; ; ) {
    const token = at;
    const page: Page = await retrying(() => storage.list(bucket, prefix, token), asking);
    yield* page.objects;
    if (page.next === undefined) return;
    at = page.next;
  }
}

function inputOf(object: ObjectInfo): InputFile {
  const path = `gs://${object.bucket}/${object.name}`;
  return { path, name: path, bytes: object.bytes, mtimeMs: object.updatedMs, object };
}
