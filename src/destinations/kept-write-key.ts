// The write key of a destination in the store: a reference to where it stands, or the key itself, sealed.
//
// Whoever may edit destinations also names the endpoint, so a reference must not reach whatever this process can
// read: only variables that are named as write keys, and files in the folder of secrets.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { readFileSync, statSync } from "node:fs";
import { normalize, sep } from "node:path";

import { type Reference, readScalar, referenceName } from "../config/references.ts";
import { RunError } from "../engine/errors.ts";
import type { MasterKeys, Sealed } from "./master-keys.ts";

/** How a sealed write key is shown, and what an edit says that leaves it as it is. */
export const KEY_MASK = "••••";

export type KeptWriteKey =
  | { readonly kind: "reference"; readonly reference: string }
  | { readonly kind: "sealed"; readonly sealed: Sealed; readonly last4: string; readonly setAtMs: number };

/** What keys are kept and opened with. */
export interface KeyRing {
  readonly keys: MasterKeys;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears of every key in the clear, so that it can be taken out of logs. */
  readonly noted?: (key: string) => void;
  /** Absolute; `${file:…}` may name files below it only. */
  readonly secretsFolder: string;
}

export const DEFAULT_SECRETS_FOLDER = "/run/secrets";
const VARIABLE_NAME = /(?:^|_)WRITE_?KEY(?:_|$)/i;

const MAX_FILE_BYTES = 64 * 1024;
/** Fewer characters would give away too much of a short key. */
const SHOWN_FROM_LENGTH = 16;

export function isReference(text: string): boolean {
  return text.startsWith("${");
}

/** Throws RunError `secret-key-missing`, `bad-reference`. */
export function keepWriteKey(text: string, owner: string, ring: KeyRing, nowMs: number): KeptWriteKey {
  if (!isReference(text)) {
    ring.noted?.(text);
    return {
      kind: "sealed",
      sealed: ring.keys.seal(text, owner),
      last4: text.length >= SHOWN_FROM_LENGTH ? text.slice(-4) : "",
      setAtMs: nowMs,
    };
  }
  const scalar = readScalar(text);
  if (scalar.is !== "reference")
    throw new RunError(
      "bad-reference",
      "the write key is not a reference; write ${env:NAME}, ${NAME} or ${file:/path}",
    );
  const { reference } = scalar;
  checkReach(reference, ring);
  if (reference.kind === "variable" && reference.fallback !== undefined)
    throw new RunError(
      "bad-reference",
      "a reference to a write key takes no default: it would stand in the store as plain text",
    );
  return { kind: "reference", reference: text };
}

function checkReach(reference: Reference, { secretsFolder }: KeyRing): void {
  if (reference.kind === "variable") {
    if (VARIABLE_NAME.test(reference.name)) return;
    throw new RunError(
      "bad-reference",
      `the variable ${reference.name} is not for write keys: its name must hold WRITE_KEY, such as SEGMENT_WRITE_KEY`,
    );
  }
  const path = normalize(reference.path);
  if (path.startsWith(secretsFolder + sep)) return;
  throw new RunError("bad-reference", `\${file:${reference.path}} is not below ${secretsFolder}`);
}

/** The key itself, at each request: a file or variable that changed is read anew. Throws RunError. */
export function openWriteKey(kept: KeptWriteKey, owner: string, ring: KeyRing): string {
  const key = opened(kept, owner, ring);
  ring.noted?.(key);
  return key;
}

function opened(kept: KeptWriteKey, owner: string, ring: KeyRing): string {
  if (kept.kind === "sealed") return ring.keys.open(kept.sealed, owner);
  const scalar = readScalar(kept.reference);
  if (scalar.is !== "reference") throw new RunError("bad-reference", "its reference cannot be read");
  const { reference } = scalar;
  checkReach(reference, ring);
  if (reference.kind === "file") return fileText(reference.path);
  const value = ring.env[reference.name];
  if (value) return value;
  throw new RunError("unset-variable", `${referenceName(reference)} is not set in this process`);
}

/** What may be shown: the reference, or dots and the last characters. */
export function shownWriteKey(kept: KeptWriteKey): string {
  return kept.kind === "reference" ? kept.reference : KEY_MASK + kept.last4;
}

function fileText(path: string): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES)
      throw new RunError("unreadable-file", `\${file:${path}} is not a regular file of at most 64 KiB`);
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof RunError) throw error;
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new RunError("unreadable-file", `\${file:${path}} cannot be read${code}`);
  }
}
