// Which keys of two configurations differ. Secrets show themselves as "[redacted]": that they changed is not seen.

export interface KeyChange {
  /** `window.size`, `steps[0].set`. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

const MOST_CHARACTERS = 80;

export function keyChanges(from: unknown, to: unknown): KeyChange[] {
  return differing(JSON.parse(JSON.stringify(from)), JSON.parse(JSON.stringify(to)), "");
}

function differing(from: unknown, to: unknown, key: string): KeyChange[] {
  if (isMap(from) && isMap(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((one) => differing(from[one], to[one], key === "" ? one : `${key}.${one}`));
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
    return from.flatMap((one, i) => differing(one, to[i], `${key}[${i}]`));
  return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ key, from: show(from), to: show(to) }];
}

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
