// `re(text, pattern)`: regular expressions in linear time (RE2), in place of CEL's `matches`, whose JavaScript
// engine needs seconds for `(a+)+$` on thirty letters.

import { RE2JS } from "re2js";

import { MAX_MATCHED_CHARACTERS, MAX_PATTERN_CHARACTERS, MAX_PATTERN_SIZE } from "./limits.ts";

/** The patterns of one expression, compiled at load: patterns are written out, never computed. */
export class Patterns {
  private readonly compiled = new Map<string, RE2JS>();

  /** What is wrong with a pattern; undefined: nothing, and it is ready. */
  add(pattern: string): string | undefined {
    if (pattern.length > MAX_PATTERN_CHARACTERS)
      return `the pattern has ${pattern.length} characters, at most ${MAX_PATTERN_CHARACTERS} are taken`;
    try {
      const compiled = RE2JS.compile(pattern);
      const size = compiled.programSize();
      if (size > MAX_PATTERN_SIZE)
        return `the pattern is too large: ${size} steps, at most ${MAX_PATTERN_SIZE} are taken; lower its repetitions`;
      this.compiled.set(pattern, compiled);
      return undefined;
    } catch (error) {
      return `the pattern is not valid (RE2 syntax): ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Throws for a text that is too long to be matched. */
  match(text: string, pattern: string): boolean {
    if (text.length > MAX_MATCHED_CHARACTERS)
      throw new Error(
        `re() takes texts of at most ${MAX_MATCHED_CHARACTERS} characters, this one has ${text.length}`,
      );
    const compiled = this.compiled.get(pattern);
    if (!compiled) throw new Error("re() was given a pattern that was not compiled at load");
    return compiled.matcher(text).find();
  }
}
