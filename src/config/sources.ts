// The texts that were read, for showing the line a problem stands in. A line that holds a secret is not shown.

import type { SecretScrubber } from "./scrubber.ts";

const LONGEST_SHOWN_LINE = 200;

/** Keys whose values are secret, for files that broke before the loader knew what is in them. */
const SECRET_KEY =
  /(?:write[-_]?key|secret|token|password|passphrase|credential|private[-_]?key)s?["']?\s*:\s*(?!\$\{)\S/i;

export class Sources {
  // Hidden from the inspector: the texts may hold secrets.
  readonly #texts = new Map<string, string[]>();

  constructor(private readonly scrubber: SecretScrubber) {}

  addText(file: string, text: string): void {
    this.#texts.set(file, text.split(/\r\n|\r|\n/));
  }

  /** For files that are there to hold secrets: a mistyped key must not bring its value to light. */
  hide(file: string): void {
    this.#texts.delete(file);
  }

  /** Line `line` (1-based) of a file; undefined when it is unknown, too long to show or holds a secret. */
  line(file: string, line: number): string | undefined {
    const text = this.#texts.get(file)?.[line - 1];
    if (text === undefined || text.length > LONGEST_SHOWN_LINE) return undefined;
    return this.scrubber.finds(text) || SECRET_KEY.test(text) ? undefined : text;
  }
}
