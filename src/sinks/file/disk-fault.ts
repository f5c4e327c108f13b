// What a failed file operation means for delivery.

import { SinkFault, toError } from "../../engine/errors.ts";

const disk: Readonly<Record<string, string>> = {
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EFBIG: "disk-full",
  EIO: "disk-error",
  EROFS: "disk-read-only",
  EAGAIN: "disk-busy",
  EMFILE: "too-many-open-files",
  ENFILE: "too-many-open-files",
  ETIMEDOUT: "disk-error",
  ESTALE: "disk-error",
};

/** Waiting may help (space, a mount, a device): unavailable. A path or a permission is for a person: misconfigured. */
export function diskFault(path: string, what: string, thrown: unknown): SinkFault {
  const error = toError(thrown);
  const system = "code" in error && typeof error.code === "string" ? error.code : "unknown";
  const code = disk[system];
  const message = `Cannot ${what} ${path}: ${error.message}`;
  if (code !== undefined) return new SinkFault("unavailable", message, { code, cause: error });
  return new SinkFault("misconfigured", message, { code: `file-${system.toLowerCase()}`, cause: error });
}
