// The keys under which write keys are encrypted in the store: AES-256-GCM, a fresh 96-bit nonce for each
// encryption, the destination's id as additional data (a sealed key copied to another destination does not open).
//
// A master key comes from outside (environment or file), never from beside the data. Its id follows from the key
// itself, so that nobody has to number keys: the first one given seals, all of them open. To rotate, put the new key
// before the old one, start every process with both, run `sluice secrets rotate`, then take the old one away.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

import { RunError } from "../engine/errors.ts";

/** As it is stored: base64 texts. */
export interface Sealed {
  readonly keyId: string;
  readonly nonce: string;
  readonly text: string;
  readonly tag: string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const MAX_KEYS = 16;
const CIPHER = "aes-256-gcm";

interface MasterKey {
  readonly id: string;
  readonly key: Buffer;
}

export class MasterKeys {
  readonly #keys: readonly MasterKey[];

  private constructor(keys: readonly MasterKey[]) {
    this.#keys = keys;
  }

  /**
   * Reads keys from a text: 32 bytes each, as hex or base64, separated by white space or commas; the first seals.
   * `from` names the place in messages. Throws RunError `secret-key-invalid`.
   */
  static parse(text: string, from: string): MasterKeys {
    const texts = text.split(/[\s,]+/).filter((one) => one !== "");
    if (texts.length === 0) throw invalid(from, "it is empty");
    if (texts.length > MAX_KEYS)
      throw invalid(from, `it holds ${texts.length} keys; at most ${MAX_KEYS} are used`);
    return new MasterKeys(texts.map((one, i) => masterKey(one, `${from}, key ${i + 1}`)));
  }

  /** Without any key nothing is sealed and nothing opens: the store takes references only. */
  static none(): MasterKeys {
    return new MasterKeys([]);
  }

  get canSeal(): boolean {
    return this.#keys.length > 0;
  }

  /** Id of the key that seals; undefined without keys. */
  get currentId(): string | undefined {
    return this.#keys[0]?.id;
  }

  /** Throws RunError `secret-key-missing`. */
  seal(secret: string, owner: string): Sealed {
    const [current] = this.#keys;
    if (!current) throw new RunError("secret-key-missing", NO_KEY);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, current.key, nonce).setAAD(additionalData(owner));
    const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
    return {
      keyId: current.id,
      nonce: nonce.toString("base64"),
      text: text.toString("base64"),
      tag: cipher.getAuthTag().toString("base64"),
    };
  }

  /** Throws RunError `secret-key-missing` or `secret-damaged`; neither message holds a piece of the secret. */
  open(sealed: Sealed, owner: string): string {
    const found = this.#keys.find(({ id }) => id === sealed.keyId);
    if (!found) throw new RunError("secret-key-missing", missing(sealed.keyId, this.#keys));
    try {
      const nonce = Buffer.from(sealed.nonce, "base64");
      const decipher = createDecipheriv(CIPHER, found.key, nonce, { authTagLength: 16 })
        .setAAD(additionalData(owner))
        .setAuthTag(Buffer.from(sealed.tag, "base64"));
      const text = Buffer.concat([decipher.update(Buffer.from(sealed.text, "base64")), decipher.final()]);
      return text.toString("utf8");
    } catch {
      // The cipher says nothing but "wrong", and its error holds nothing that helps.
      throw new RunError(
        "secret-damaged",
        `the sealed write key of ${owner} does not open: it was changed, or it belongs to another destination; enter the key again`,
      );
    }
  }
}

const NO_KEY =
  "there is no master key, so write keys cannot be kept; set SLUICE_SECRET_KEY (sluice secrets new-key prints one) or give a reference such as ${env:SEGMENT_WRITE_KEY}";

function missing(keyId: string, keys: readonly MasterKey[]): string {
  const have = keys.length === 0 ? "none is given" : `given: ${keys.map(({ id }) => id).join(", ")}`;
  return `a write key is sealed under the master key ${keyId}, which is not there (${have}); add it to SLUICE_SECRET_KEY`;
}

function masterKey(text: string, from: string): MasterKey {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  const isWhole = /^[0-9a-z+/_-]+={0,2}$/i.test(text);
  if (!isWhole || bytes.length !== KEY_BYTES)
    throw invalid(from, `it must be ${KEY_BYTES} random bytes in hex or base64`);
  if (new Set(bytes).size < 8) throw invalid(from, "it is not random");
  // Two independent values of one key: the id is shown, so it must tell nothing about the key that seals.
  const derive = (use: string, length: number) =>
    Buffer.from(hkdfSync("sha256", bytes, Buffer.alloc(0), `sluice ${use}`, length));
  return { id: derive("key id v1", 4).toString("hex"), key: derive("write keys v1", KEY_BYTES) };
}

function additionalData(owner: string): Buffer {
  return Buffer.from(`sluice destination ${owner} writeKey`);
}

function invalid(from: string, why: string): RunError {
  return new RunError(
    "secret-key-invalid",
    `${from}: ${why}; "sluice secrets new-key" or "openssl rand -base64 32" makes one`,
  );
}

/** A new master key, as text. */
export function newMasterKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}
