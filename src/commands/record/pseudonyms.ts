// Takes personal data out of export events, so that a recorded test may stand in git.
//
// By the name of a field, by where it stands, and by the look of a text. One text gets one pseudonym in a recording, so
// that the same person stays one person; between recordings it changes, and nobody can try out names.

import { createHmac } from "node:crypto";

const PERSON_FIELD =
  /^(?:.*name|.*e-?mail|phone|.*address|ip|avatar|.*token|.*secret|password|.*apikey|user(?:id|key)|previous(?:key|kind)?|country|city|zip|postcode|referrer|useragent)$/i;
/** Below these every text is somebody's, but for the words that say what kind of thing it is. */
const PERSON_PLACE = new Set([
  "context",
  "contexts",
  "user",
  "contextKeys",
  "contextKindKeys",
  "previousContext",
]);
const KIND_FIELDS = new Set(["kind", "anonymous", "_meta"]);
const EMAIL = /[^\s@<>"']+@[^\s@<>"']+\.[a-z]{2,}/gi;
const IPV4 = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;
const IPV6 = /\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}\b/gi;
const URL_TAIL = /^([a-z]+:\/\/[^/?#\s]+[^?#\s]*)[?#].*$/i;
const PSEUDONYM_CHARACTERS = 12;

export interface RedactionRules {
  /** Random, and kept nowhere. */
  readonly key: Uint8Array;
  /** Further paths: `event.data.card`; `*` stands for any member or element. */
  readonly paths: readonly string[];
}

/** A copy of an export event without personal data. */
export function withoutPersons(event: unknown, { key, paths }: RedactionRules): unknown {
  const patterns = paths.map((path) => path.replaceAll(/\[(?:"([^"]*)"|(\d+|\*))\]/g, ".$1$2").split("."));
  const pseudonym = (text: string) =>
    `p-${createHmac("sha256", key).update(text).digest("hex").slice(0, PSEUDONYM_CHARACTERS)}`;
  const walk = (value: unknown, path: readonly string[], isPerson: boolean): unknown => {
    const named = isPerson || patterns.some((pattern) => matches(pattern, path));
    if (typeof value === "string") return named ? pseudonym(value) : cleaned(value, pseudonym);
    if (Array.isArray(value)) return value.map((one, i) => walk(one, [...path, String(i)], named));
    if (typeof value !== "object" || value === null) return named && typeof value === "number" ? 0 : value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        const isKind = KIND_FIELDS.has(field) && !(path.at(-1) ?? "").endsWith("Keys");
        const below = (named && !isKind) || PERSON_PLACE.has(field) || PERSON_FIELD.test(field);
        return [field, walk(inner, [...path, field], below)];
      }),
    );
  };
  return walk(event, [], false);
}

/** What looks like a person's in a text that is none. */
function cleaned(text: string, pseudonym: (text: string) => string): string {
  return text
    .replace(URL_TAIL, "$1")
    .replace(EMAIL, pseudonym)
    .replace(IPV6, pseudonym)
    .replace(IPV4, pseudonym);
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  return pattern.length === path.length && pattern.every((part, i) => part === "*" || part === path[i]);
}
