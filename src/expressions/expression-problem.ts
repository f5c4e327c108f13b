// What is wrong with an expression, found at load.

import { suggest } from "../config/suggest.ts";

const MOST_LISTED = 12;

export interface ExpressionProblem {
  readonly message: string;
  /** Where in the expression: 0-based, in UTF-16 units. */
  readonly at: number;
}

/** `line 2, column 7`, or `column 7` when the expression is one line. */
export function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  const column = `column ${before.at(-1)!.length + 1}`;
  return text.includes("\n") ? `line ${before.length}, ${column}` : column;
}

/** ` (did you mean event?)`, or what there is. */
export function guess(word: string, known: readonly string[]): string {
  const suggestion = suggest(word, known);
  if (suggestion !== undefined) return `, did you mean ${suggestion}?`;
  const more = known.length > MOST_LISTED ? ` and ${known.length - MOST_LISTED} more` : "";
  return `; there is ${known.slice(0, MOST_LISTED).join(", ")}${more}`;
}
