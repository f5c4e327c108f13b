// A text that must not be seen. Printing, logging, JSON and the inspector all give "[redacted]"; only `reveal`
// gives the text, so that a search for `.reveal(` lists every use of a secret.

import { inspect } from "node:util";

import Type from "typebox";
import type { TUnsafe } from "typebox";

export const REDACTED = "[redacted]";

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** The same value with the texts of its secrets, to compare it with another. Not to be shown. */
export function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}

/** A key that takes a text in the YAML and gives a Secret to the program. Masked wherever it is shown. */
export function SecretText(options: {
  description: string;
  minLength?: number;
  maxLength?: number;
}): TUnsafe<Secret> {
  return Type.Unsafe<Secret>({ minLength: 1, ...options, type: "string", "x-secret": true });
}
