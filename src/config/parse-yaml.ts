// YAML text -> a plain value and the position of everything in it.
//
// Strict on purpose: YAML 1.2 core (`no` and `on` are texts), one document, no tags, no directives, no merge
// keys, unique text keys. Bounded on purpose: depth is checked on the token stack, before the library recurses
// over it (a deep enough file ends the process there), and aliases are expanded here under a count.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Lexer, LineCounter, Parser } from "yaml";
import type { Alias, Document, Node, ParsedNode, YAMLError, YAMLMap } from "yaml";

import { escapePointer, Positions } from "./positions.ts";
import type { ProblemCode } from "./codes.ts";

export interface YamlLimits {
  /** Levels of nesting. */
  readonly depth: number;
  /** Aliases, counted after expansion. */
  readonly aliases: number;
  /** Values in the whole file, counted after expansion. */
  readonly nodes: number;
}

export const yamlLimits: YamlLimits = { depth: 64, aliases: 100, nodes: 500_000 };

/** Beyond these the library takes the square of their number in steps: they are counted before it sees them. */
const MOST_WRITTEN_ALIASES = 1_000;
const SCALAR_MARK = "\u001f";

/** No one reads more than these. */
const MOST_PROBLEMS = 1_000;

export interface YamlProblem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly suggestion?: string;
  readonly start: number;
  readonly end: number;
}

export interface ParsedYaml {
  /** undefined: nothing can be said about what is in the file; `problems` says why. */
  readonly value: unknown;
  readonly positions: Positions;
  readonly problems: readonly YamlProblem[];
}

export function parseYaml(source: string, limits: YamlLimits = yamlLimits): ParsedYaml {
  const lines = new LineCounter();
  const positions = new Positions(lines);
  const tokens = readTokens(source, lines, limits);
  if (!Array.isArray(tokens)) return { value: undefined, positions, problems: [tokens] };
  const options = { version: "1.2", schema: "core", merge: false, uniqueKeys: false, strict: true } as const;
  const [document, second] = [...new Composer(options).compose(tokens, true, source.length)];
  if (!document) throw new Error("the YAML library gave no document");
  const problems = [...syntaxProblems(document, source)];
  if (second) {
    const start = second.range[0];
    problems.push({
      code: "yaml-syntax",
      message: "one document a file; remove the second",
      start,
      end: start,
    });
  }
  if (problems.length > 0) return { value: undefined, positions, problems };
  const build = new TreeBuilder(document, positions, limits);
  const value = build.root();
  // Of two equal keys the first counts, so that the rest of the file can be checked as well.
  const usable = build.problems.every((problem) => problem.code === "duplicate-key");
  return { value: usable ? value : undefined, positions, problems: build.problems };
}

type Tokens = ReturnType<Parser["parse"]> extends Generator<infer T> ? T[] : never;

/** The concrete syntax, or the problem when it nests too deep to go on with. */
function readTokens(source: string, lines: LineCounter, limits: YamlLimits): Tokens | YamlProblem {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens: Tokens = [];
  let offset = 0;
  let aliases = 0;
  let before = "";
  for (const lexeme of new Lexer().lex(source)) {
    // After this mark comes the text of a scalar, whatever it begins with.
    if (lexeme.startsWith("*") && before !== SCALAR_MARK) aliases += 1;
    if (aliases > MOST_WRITTEN_ALIASES) return tooManyWritten(offset);
    before = lexeme;
    for (const token of parser.next(lexeme)) tokens.push(token);
    offset += lexeme.length;
    // Each level of the file is at least one and at most two entries of the stack.
    if (parser.stack.length > 2 * limits.depth) return tooDeep(offset, limits);
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function tooManyWritten(offset: number): YamlProblem {
  const message = `more than ${MOST_WRITTEN_ALIASES} aliases are written`;
  return { code: "too-many-aliases", message, start: offset, end: offset };
}

function tooDeep(offset: number, limits: YamlLimits): YamlProblem {
  const message = `nested deeper than ${limits.depth} levels`;
  return { code: "too-deep", message, start: offset, end: offset };
}

/** The first error, and those after it that cannot be its echo. */
function* syntaxProblems(document: Document.Parsed, source: string): Generator<YamlProblem> {
  const directives = document.directives;
  if (directives.yaml.explicit && directives.yaml.version !== "1.2") {
    yield {
      code: "yaml-syntax",
      message: "definitions are YAML 1.2; remove the %YAML line",
      start: 0,
      end: 0,
    };
  }
  const ofItsOwn: readonly string[] = ["TAG_RESOLVE_FAILED", "BAD_DQ_ESCAPE", "TAB_AS_INDENT"];
  const errors = [...document.errors, ...document.warnings];
  for (const [i, error] of errors.entries()) {
    if (i === MOST_PROBLEMS) return;
    if (i === 0 || ofItsOwn.includes(error.code)) yield syntaxProblem(error, source);
  }
}

/** In our own words: the library's quote pieces of the file, and a piece may be a secret. */
function syntaxProblem(error: YAMLError, source: string): YamlProblem {
  const [start, end] = error.pos;
  const isReference = source.slice(start - 1, start + 1) === "${";
  const message = isReference
    ? 'inside [ ] or { } a reference needs quotes: "${NAME}"'
    : (syntaxMessages[error.code] ?? "not valid YAML");
  return { code: "yaml-syntax", message, start, end };
}

const syntaxMessages: Partial<Record<YAMLError["code"], string>> = {
  ALIAS_PROPS: "an alias takes neither an anchor nor a tag",
  BAD_ALIAS:
    "this alias (`*name`) has no anchor (`&name`) before it, or no name; quote a text that begins with `*`",
  BAD_COLLECTION_TYPE: "a tag does not fit this value; definitions do without tags",
  BAD_DIRECTIVE: "lines that begin with % are not used here",
  BAD_DQ_ESCAPE: "unknown escape in a double-quoted text; use single quotes, or write \\\\ for a backslash",
  BAD_INDENT: "this line is not indented like its neighbours, or a bracket before it is not closed",
  BAD_PROP_ORDER: "an anchor stands in the wrong place",
  BAD_SCALAR_START: "a text cannot begin with this character; quote it",
  BLOCK_AS_IMPLICIT_KEY:
    "a `key: value` inside a value: is the next line indented too far, or does a text with a colon need quotes?",
  BLOCK_IN_FLOW: "an indented block cannot stand inside [ ] or { }",
  KEY_OVER_1024_CHARS: "a key of more than 1,024 characters; is a colon missing or a quote open?",
  MISSING_CHAR:
    "something is not closed or a character is missing here: a quote, a bracket, a comma, a space",
  MULTILINE_IMPLICIT_KEY: "a key cannot go over several lines; is a colon missing?",
  MULTIPLE_ANCHORS: "a value takes one anchor",
  MULTIPLE_TAGS: "a value takes no tags",
  RESOURCE_EXHAUSTION: "nested too deep to be read",
  TAB_AS_INDENT: "a tab is used to indent; use spaces",
  TAG_RESOLVE_FAILED: "tags (`!name`) are not used here; quote a text that begins with `!`",
  UNEXPECTED_TOKEN: "unexpected here; is a quote, a bracket, a comma or a colon missing or too many?",
};

/** Turns nodes into plain values, checking keys, depth and aliases on the way. */
class TreeBuilder {
  readonly problems: YamlProblem[] = [];
  private aliases = 0;
  private nodes = 0;
  private sizeRefused = false;
  /** Anchored nodes being expanded: an alias to one of them would never end. */
  private readonly open = new Set<Node>();

  constructor(
    private readonly document: Document.Parsed,
    private readonly positions: Positions,
    private readonly limits: YamlLimits,
  ) {}

  root(): unknown {
    return this.build(this.document.contents, "", 0);
  }

  private build(node: ParsedNode | Node | null, pointer: string, depth: number): unknown {
    if (!node) return null;
    this.place(node, pointer);
    if (++this.nodes > this.limits.nodes)
      return this.refuseSize(node, `more than ${this.limits.nodes} values`);
    if (depth > this.limits.depth) {
      this.refuse("too-deep", `nested deeper than ${this.limits.depth} levels`, node);
      return null;
    }
    if (isAlias(node)) return this.follow(node, pointer, depth);
    if (isMap(node)) return this.map(node, pointer, depth);
    if (isSeq(node)) {
      return node.items.map((item, i) => this.build(item as Node | null, `${pointer}/${i}`, depth + 1));
    }
    return isScalar(node) ? node.value : null;
  }

  private map(node: YAMLMap, pointer: string, depth: number): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = this.keyOf(pair.key as Node | null, node);
      if (key === undefined) continue;
      const at = `${pointer}/${escapePointer(key)}`;
      if (entries.has(key)) {
        this.refuse("duplicate-key", `the key "${key}" stands twice in this map`, pair.key as Node);
        continue;
      }
      this.placeKey(pair.key as Node, at);
      entries.set(key, this.build(pair.value as Node | null, at, depth + 1));
    }
    // fromEntries defines own properties, so a key `__proto__` is a key like any other.
    return Object.fromEntries(entries);
  }

  /** Numbers and booleans as keys count as what was written. */
  private keyOf(node: Node | null, map: YAMLMap): string | undefined {
    if (!isScalar(node) || node.value === null) {
      this.refuse("yaml-syntax", "a key must be a plain text", node ?? map);
      return undefined;
    }
    return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  }

  private follow(alias: Alias, pointer: string, depth: number): unknown {
    if (++this.aliases > this.limits.aliases) {
      return this.refuseSize(alias, `more than ${this.limits.aliases} aliases`);
    }
    const target = alias.resolve(this.document);
    if (!target) {
      this.refuse("yaml-syntax", syntaxMessages.BAD_ALIAS ?? "", alias);
      return null;
    }
    if (this.open.has(target)) return this.refuseSize(alias, "this alias holds itself");
    this.open.add(target);
    const value = this.build(target, pointer, depth);
    this.open.delete(target);
    this.place(alias, pointer);
    return value;
  }

  /** Said once: everything after it would say the same. */
  private refuseSize(node: Node, message: string): null {
    if (!this.sizeRefused) this.refuse("too-many-aliases", message, node);
    this.sizeRefused = true;
    return null;
  }

  private refuse(code: ProblemCode, message: string, node: Node): void {
    if (this.problems.length >= MOST_PROBLEMS) return;
    const [start, end] = offsetsOf(node);
    this.problems.push({ code, message, start, end });
  }

  /** Nothing stands where a value was left out; its key is the place to point at. */
  private place(node: Node, pointer: string): void {
    const [start, end] = offsetsOf(node);
    if (end > start) this.positions.setValue(pointer, start, end);
  }

  private placeKey(node: Node, pointer: string): void {
    const [start, end] = offsetsOf(node);
    this.positions.setKey(pointer, start, end);
  }
}

function offsetsOf(node: Node): readonly [number, number] {
  const range = node.range;
  return range ? [range[0], range[1]] : [0, 0];
}
