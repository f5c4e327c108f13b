// Paths to fields, written as in an expression: `event.properties.email`, `event.context["device id"].key`. Only
// own members of objects are read, and nothing is changed in place: the way down is copied, the rest shared.

import type { EventDocument } from "../events/envelope.ts";
import { isObject } from "../events/envelope.ts";
import { type ExpressionProblem, guess } from "./expression-problem.ts";
import type { FieldMap } from "./known-fields.ts";
import { MAX_PATH_CHARACTERS, MAX_PATH_DEPTH } from "./limits.ts";

/** Stands for every member of an object and every element of a list. */
export const EVERY = Symbol("every");
export type Step = string | typeof EVERY;

export interface FieldPath {
  readonly text: string;
  readonly steps: readonly [string, ...Step[]];
}

/** Steps that were written with a dot, and are therefore checked against the known fields. */
interface Written {
  readonly step: Step;
  readonly at: number;
  readonly dotted: boolean;
}

export interface PathOptions {
  /** The variables a path may begin with, and what is below them. */
  readonly fields: FieldMap;
  readonly wildcards?: boolean;
  /** Whether an unknown field is a mistake: not where one is made. */
  readonly mustBeKnown: boolean;
}

const PART = /\.([A-Za-z_$][\w$-]*)|\.(\*)|\[("(?:[^"\\]|\\.)*")\]/y;
const ROOT = /[A-Za-z_]\w*/y;

const forbidden: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

export function isForbiddenName(name: string): boolean {
  return forbidden.has(name);
}

/** Never throws for what is written. */
export function parsePath(text: string, options: PathOptions): FieldPath | ExpressionProblem {
  const written = split(text);
  if (!Array.isArray(written)) return written;
  const [first, ...rest] = written;
  const root = first!.step as string;
  if (!Object.hasOwn(options.fields, root))
    return { at: 0, message: `unknown field ${root}${guess(root, Object.keys(options.fields))}` };
  const bad =
    rest.find(({ step }) => typeof step === "string" && isForbiddenName(step)) ??
    (options.wildcards ? undefined : rest.find(({ step }) => step === EVERY));
  if (bad) {
    const why =
      bad.step === EVERY ? "* stands for many fields; one is needed here" : "this name is not taken";
    return { at: bad.at, message: why };
  }
  const unknown = options.mustBeKnown ? unknownField(written, options.fields) : undefined;
  return unknown ?? { text, steps: [root, ...rest.map(({ step }) => step)] };
}

export function isPath(parsed: FieldPath | ExpressionProblem): parsed is FieldPath {
  return "steps" in parsed;
}

function split(text: string): Written[] | ExpressionProblem {
  if (text.length > MAX_PATH_CHARACTERS)
    return { at: 0, message: `${text.length} characters, at most ${MAX_PATH_CHARACTERS} are taken` };
  ROOT.lastIndex = 0;
  const [root] = ROOT.exec(text) ?? [];
  if (root === undefined) return { at: 0, message: "a path begins with a name, such as event.key" };
  const parts: Written[] = [{ step: root, at: 0, dotted: true }];
  for (let at = root.length; at < text.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (!match) return { at, message: 'a path goes on with .name or ["name"]' };
    const [, name, star, quoted] = match;
    const step = star ? EVERY : (name ?? unquoted(quoted ?? ""));
    if (step === undefined)
      return { at, message: "this text is not closed, or has an escape JSON does not know" };
    parts.push({ step, at: name === undefined ? at : at + 1, dotted: name !== undefined });
    if (parts.length > MAX_PATH_DEPTH) return { at, message: `at most ${MAX_PATH_DEPTH} names are taken` };
  }
  return parts;
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined; // The caller says where.
  }
}

function unknownField(parts: readonly Written[], fields: FieldMap): ExpressionProblem | undefined {
  let below: FieldMap = fields;
  for (const { step, at, dotted } of parts) {
    if (step === EVERY || !dotted) return undefined;
    if (!Object.hasOwn(below, step)) {
      const more = `${guess(step, Object.keys(below))} (["${step}"] is taken as it is)`;
      return { at, message: `unknown field ${step}${more}` };
    }
    const next = below[step]!;
    if (typeof next === "string") return undefined;
    below = next;
  }
  return undefined;
}

/** The value at a path without wildcards; undefined: there is none. */
export function readPath(root: unknown, steps: readonly Step[]): unknown {
  let at = root;
  for (const step of steps) {
    if (!isObject(at) || typeof step !== "string" || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}

/** Something on the way to a field is there and is no object. */
export class Blocked extends Error {
  override readonly name = "Blocked";
}

/** Makes the objects on the way. Throws Blocked when one of them is a text, a number or a list. */
export function writePath(root: EventDocument, steps: readonly Step[], value: unknown): EventDocument {
  const [step, ...rest] = steps;
  if (typeof step !== "string") return root;
  if (rest.length === 0) return { ...root, [step]: value };
  const inner = Object.hasOwn(root, step) ? root[step] : undefined;
  if (inner !== undefined && inner !== null && !isObject(inner))
    throw new Blocked(`${step} is ${Array.isArray(inner) ? "a list" : `a ${typeof inner}`}`);
  return { ...root, [step]: writePath(isObject(inner) ? inner : {}, rest, value) };
}

/** Gone, instead of another value. */
export const REMOVED = Symbol("removed");

/**
 * Puts what `change` makes of it in the place of each value at a path. The same object comes back when there is
 * no such value, or none changed.
 */
export function changePath<T>(root: T, steps: readonly Step[], change: (value: unknown) => unknown): T {
  const [step, ...rest] = steps;
  if (step === undefined) return root;
  if (Array.isArray(root)) return step === EVERY ? (changeList(root, rest, change) as T) : root;
  if (!isObject(root)) return root;
  if (typeof step === "string")
    return Object.hasOwn(root, step) ? changeMember(root, step, rest, change) : root;
  return Object.keys(root).reduce((all, name) => changeMember(all, name, rest, change), root);
}

function changeMember<T extends EventDocument>(
  object: T,
  name: string,
  rest: readonly Step[],
  change: (value: unknown) => unknown,
): T {
  const before = object[name];
  const after = rest.length === 0 ? change(before) : changePath(before, rest, change);
  if (after === before) return object;
  if (after !== REMOVED) return { ...object, [name]: after };
  const { [name]: _, ...others } = object;
  return others as T;
}

function changeList(
  list: readonly unknown[],
  rest: readonly Step[],
  change: (value: unknown) => unknown,
): readonly unknown[] {
  const after = list.map((one) => (rest.length === 0 ? change(one) : changePath(one, rest, change)));
  const kept = after.filter((one) => one !== REMOVED);
  return kept.length === list.length && kept.every((one, i) => one === list[i]) ? list : kept;
}
