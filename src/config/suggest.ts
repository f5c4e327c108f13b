// The best guess at what a mistyped word should have been.

import { distance } from "fastest-levenshtein";

/** How many letters may differ: two letters swapped count as two. */
function tolerance(word: string): number {
  return word.length <= 3 ? 1 : word.length <= 8 ? 2 : 3;
}

/** Case, dashes and underscores do not count: `max_batch_events` is `maxBatchEvents`. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, "");
}

/** The closest of `known`, or undefined when none is close. The first of equals wins. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;
  const asked = plain(word);
  let best: string | undefined;
  let bestDistance = tolerance(asked) + 1;
  for (const candidate of known) {
    const d = distance(asked, plain(candidate));
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}
