// JSON text from outside, parsed without surprises: a depth limit that is checked before anything is built, no
// key `__proto__` in what comes out, and the position of a mistake without a piece of the text.
//
// Beyond that it is JSON.parse, with its rules: the last of two equal keys wins, and a number is the nearest
// double, as in the LaunchDarkly SDKs that wrote it.

import { findMistake, type JsonMistake } from "./json-mistake.ts";

export class JsonTextError extends Error {
  override readonly name = "JsonTextError";
  constructor(readonly mistake: JsonMistake) {
    super(`${mistake.problem} at ${mistake.at}`);
  }
}

/** Throws JsonTextError. */
export function parseJsonText(text: string, maxDepth: number): unknown {
  // What most flags serve is known at a glance.
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "null") return null;
  if (PLAIN_STRING.test(text)) return text.slice(1, -1);
  // A text that is shorter than the limit has no room for so many brackets.
  if (text.length > maxDepth && mayBeDeep(text, maxDepth)) {
    const mistake = findMistake(text, maxDepth);
    if (mistake) throw new JsonTextError(mistake);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new JsonTextError(findMistake(text, maxDepth) ?? { problem: "syntax", at: 0 });
  }
  // The key may be written with escapes, so a backslash is reason enough to look.
  return text.includes("__proto__") || text.includes("\\u") ? withoutProtoKeys(value) : value;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON refuses bare control characters, so this must too.
const PLAIN_STRING = /^"[^"\\\u0000-\u001f]*"$/;

/** Nothing is nested deeper than it has opening brackets; counting those costs next to nothing. */
function mayBeDeep(text: string, maxDepth: number): boolean {
  let left = maxDepth;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (--left < 0) return true;
  }
  return false;
}

/**
 * JSON.parse makes `__proto__` an own property, which is harmless until somebody copies it with an assignment.
 * So it is dropped. Recursion is safe: the depth was checked.
 */
function withoutProtoKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  for (const child of Object.values(value)) withoutProtoKeys(child);
  if (Object.hasOwn(value, "__proto__")) Reflect.deleteProperty(value, "__proto__");
  return value;
}
