// Takes secrets out of text that is about to be shown. The last net: what is known to be secret should not get
// into a message at all, but a library's error text may quote anything.

import { REDACTED } from "./secret.ts";

/** Shorter texts are not scrubbed: they would blank out ordinary words. */
const SHORTEST_SECRET = 4;

export class SecretScrubber {
  // Hidden from the inspector as well.
  readonly #secrets = new Set<string>();
  /** Longest first, so that a secret holding another is replaced whole. */
  #ordered: string[] = [];

  /** Remembers a secret, its lines when it has several, and the forms it takes inside JSON and Basic auth. */
  add(secret: string): void {
    if (this.#secrets.has(secret)) return;
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      ...secret.split(/\r?\n/).map((l) => l.trim()),
    ];
    if (secret.length >= SHORTEST_SECRET) forms.push(Buffer.from(`${secret}:`).toString("base64"));
    for (const form of forms) if (form.length >= SHORTEST_SECRET) this.#secrets.add(form);
    this.#ordered = [...this.#secrets].sort((a, b) => b.length - a.length);
  }

  /** The text with every known secret replaced by `[redacted]`. */
  scrub(text: string): string {
    let clean = text;
    for (const secret of this.#ordered) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
    }
    return clean;
  }

  /** Whether the text holds a known secret. */
  finds(text: string): boolean {
    return this.#ordered.some((secret) => text.includes(secret));
  }
}
