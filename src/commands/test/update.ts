// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like this.

// Rewrites what a case expects into what came of it. Only what differs changes: comments, order and the way values are
// written stay, a map goes on naming the members that it named, and a case that expects nothing gets everything.

import {
  type Document,
  isMap as isYamlMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

import { align } from "./align.ts";
import { fits, isMap } from "./compare.ts";
import { gotOf, type Rule, rules } from "./expectations.ts";
import type { Outcome } from "./run-case.ts";

const UNWIDE = { lineWidth: 0, flowCollectionPadding: false } as const;

/** The new text of a test file; `outcomes` by the index of their case. */
export function updatedText(text: string, outcomes: ReadonlyMap<number, Outcome>): string {
  const document = parseDocument(text);
  for (const [index, outcome] of outcomes) {
    const expect = document.getIn(["cases", index, "expect"], true);
    if (!isYamlMap(expect)) continue;
    if (expect.items.length === 0) fill(document, expect, outcome);
    else new Updater(document).expectation(expect, outcome);
  }
  return document.toString(UNWIDE);
}

/** For a case that expects nothing yet: everything that can be read at a glance. */
function fill(document: Document, expect: YAMLMap, outcome: Outcome): void {
  expect.flow = false;
  const { failure, events, drops, deadLetters, acked, requests } = outcome;
  const shown = requests.map(({ destination, atMs, events: count, status }) => ({
    destination,
    atMs,
    events: count,
    status,
  }));
  const all = {
    ...(failure?.code === undefined ? {} : { failure: failure.code }),
    ...{ events, drops, deadLetters, acked, requests: shown },
  };
  for (const [key, value] of Object.entries(all)) expect.set(key, fresh(document, value, false));
  for (const key of ["drops", "deadLetters"]) flow(expect.get(key, true));
  const list = expect.get("requests", true);
  if (isSeq(list)) for (const one of list.items) flow(one);
}

function flow(node: unknown): void {
  if (isYamlMap(node)) node.flow = true;
}

class Updater {
  constructor(private readonly document: Document) {}

  expectation(expect: YAMLMap, outcome: Outcome): void {
    for (const pair of [...expect.items]) {
      const key = keyOf(pair);
      const rule = (rules as Readonly<Record<string, Rule>>)[key];
      const got = rule && gotOf(key, outcome);
      if (!rule) continue;
      if (got === undefined) expect.delete(key);
      else pair.value = this.reconcile([key], pair.value, got, rule);
    }
  }

  private reconcile(path: (string | number)[], written: unknown, got: unknown, rule: Rule): unknown {
    const want = plain(written, this.document);
    const seen = rule.seen?.(path, want, got) ?? got;
    if (isSeq(written) && Array.isArray(seen)) return this.list(path, written, want as unknown[], seen, rule);
    if (isYamlMap(written) && isMap(seen)) return this.map(path, written, seen, rule);
    if (want === seen) return written;
    if (isScalar(written) && !isMap(seen) && !Array.isArray(seen)) {
      const scalar = new Scalar(escaped(seen));
      Object.assign(scalar, { comment: written.comment, commentBefore: written.commentBefore });
      if (typeof seen === "string" && typeof want === "string" && written.type) scalar.type = written.type;
      return scalar;
    }
    return fresh(this.document, seen, true);
  }

  private map(
    path: (string | number)[],
    written: YAMLMap,
    got: Readonly<Record<string, unknown>>,
    rule: Rule,
  ): YAMLMap {
    const kept: Pair[] = [];
    for (const pair of written.items) {
      const key = keyOf(pair);
      const value = Object.hasOwn(got, key) ? got[key] : undefined;
      if (value === undefined) continue;
      pair.value = this.reconcile([...path, key], pair.value, value, rule);
      kept.push(pair);
    }
    const named = new Set(kept.map(keyOf));
    written.items = kept;
    for (const [key, value] of Object.entries(got)) {
      if (rule.whole && !named.has(key)) written.set(key, fresh(this.document, value, written.flow ?? false));
    }
    return written;
  }

  private list(
    path: (string | number)[],
    written: YAMLSeq,
    want: readonly unknown[],
    got: readonly unknown[],
    rule: Rule,
  ): YAMLSeq {
    const items: unknown[] = [];
    for (const pair of align(want, got, (one, other) => fits(path, one, other, rule))) {
      if (pair.got === undefined) continue;
      const value = got[pair.got];
      const node = pair.want === undefined ? undefined : written.items[pair.want];
      items.push(
        node === undefined
          ? fresh(this.document, newEntry(path, value), written.flow ?? false)
          : this.reconcile([...path, pair.want!], node, value, rule),
      );
    }
    written.items = items;
    if (items.length === 0) written.flow = true;
    return written;
  }
}

/** A new request is written without what repeats itself. */
function newEntry([key]: readonly (string | number)[], value: unknown): unknown {
  if (key !== "requests" || !isMap(value)) return value;
  const { destination, atMs, events, status } = value;
  return { destination, atMs, events, status };
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function plain(node: unknown, document: Document): unknown {
  if (typeof node !== "object" || node === null || !("toJS" in node)) return node;
  return unescaped((node as Node).toJS(document));
}

function fresh(document: Document, value: unknown, isFlow: boolean): Node {
  const node = document.createNode(escaped(value), { flow: isFlow, aliasDuplicateObjects: false });
  visit(node, {
    Collection(_, one) {
      if (one.items.length === 0) one.flow = true;
    },
  });
  return node;
}

/** In a definition `${` begins a reference: texts that hold it are written `$${`. */
function escaped(value: unknown): unknown {
  return mapTexts(value, (text) => text.replaceAll("${", () => "$${"));
}

function unescaped(value: unknown): unknown {
  return mapTexts(value, (text) => text.replaceAll("$${", "${"));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, change)]));
}
