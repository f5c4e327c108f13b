// What is checked beyond CEL's own type check, by walking the tree once:
//   - a field that the shape does not have (`event["name"]` is never doubted)
//   - a comparison that can never hold, because the types differ
//   - functions that are refused, because on some text they take seconds or grow without bound
//   - regular expressions: written out, valid, small
//   - loops: how many, how deep

import type { ASTNode } from "@marcbachmann/cel-js";

import { type ExpressionProblem, guess } from "./expression-problem.ts";
import type { Field, FieldMap } from "./known-fields.ts";
import { MAX_LOOP_DEPTH, MAX_LOOPS } from "./limits.ts";
import type { Patterns } from "./linear-match.ts";
import { childrenOf, loopOf } from "./syntax.ts";

/** Below a loop's variable everything is allowed: the elements of lists are not described. */
type Known = Readonly<Record<string, Field>>;

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

const refused: Readonly<Record<string, string>> = {
  matches: "matches() is not linear in time; write re(text, 'pattern')",
  bind: "cel.bind() is not taken: values may grow without bound",
};

export class StaticRules {
  readonly problems: ExpressionProblem[] = [];
  loops = 0;

  constructor(
    private readonly fields: FieldMap,
    private readonly patterns: Patterns,
  ) {}

  check(root: ASTNode): void {
    this.walk(root, this.fields, 0);
  }

  /** Gives the type of a node as far as it is known. */
  private walk(node: ASTNode, known: Known, depth: number): Field | undefined {
    switch (node.op) {
      case "id":
        return Object.hasOwn(known, node.args) ? known[node.args] : undefined;
      case ".":
      case ".?":
        return this.member(node, this.walk(node.args[0], known, depth), node.args[1]);
      case "[]":
      case "[?]":
        return this.index(node.args, known, depth);
      case "value":
        return literalType(node.args);
      case "call":
        this.call(node, node.args[0], node.args[1]);
        break;
      case "rcall":
        if (Object.hasOwn(refused, node.args[0])) this.report(node, refused[node.args[0]]!);
        break;
    }
    const loop = loopOf(node);
    if (loop) {
      this.loop(node, depth + 1);
      this.walk(loop.over, known, depth);
      const inner: Known = { ...known, [loop.variable]: "any" };
      for (const part of loop.body) this.walk(part, inner, depth + 1);
      return undefined;
    }
    const types = childrenOf(node).map((child) => this.walk(child, known, depth));
    if (COMPARISONS.has(node.op)) this.comparison(node, types[0], types[1]);
    return undefined;
  }

  private member(node: ASTNode, of: Field | undefined, name: string): Field | undefined {
    if (of === undefined || of === "any") return undefined;
    const at = node.end - name.length;
    if (typeof of === "string") {
      this.problems.push({ at, message: `there is no ${name} in a ${of}` });
      return undefined;
    }
    if (Object.hasOwn(of, name)) return of[name];
    const more = `${guess(name, Object.keys(of))} (["${name}"] is taken as it is)`;
    this.problems.push({ at, message: `unknown field ${name}${more}` });
    return undefined;
  }

  private index(args: readonly [ASTNode, ASTNode], known: Known, depth: number): Field | undefined {
    const of = this.walk(args[0], known, depth);
    this.walk(args[1], known, depth);
    const [, key] = args;
    const isNamed = typeof of === "object" && key.op === "value" && typeof key.args === "string";
    return isNamed && Object.hasOwn(of, key.args as string) ? of[key.args as string] : undefined;
  }

  private call(node: ASTNode, name: string, args: readonly ASTNode[]): void {
    if (name === "re") {
      const pattern = args[1];
      if (pattern === undefined) return;
      const written = pattern.op === "value" && typeof pattern.args === "string" ? pattern.args : undefined;
      const problem =
        written === undefined
          ? "the pattern of re() must be written out as a text"
          : this.patterns.add(written);
      if (problem !== undefined) this.report(pattern, problem);
    }
    // Its parser is quadratic in the length of a text of digits.
    if (name === "duration" && args[0]?.op !== "value")
      this.report(node, "duration() takes a written-out text only");
  }

  private loop(node: ASTNode, depth: number): void {
    this.loops += 1;
    if (this.loops === MAX_LOOPS + 1)
      this.report(node, `more than ${MAX_LOOPS} loops (all, exists, exists_one, map, filter)`);
    if (depth > MAX_LOOP_DEPTH) this.report(node, `loops more than ${MAX_LOOP_DEPTH} deep`);
  }

  private comparison(node: ASTNode, left: Field | undefined, right: Field | undefined): void {
    if (typeof left !== "string" || typeof right !== "string") return;
    if (left === right || left === "any" || right === "any") return;
    this.report(node, `a ${left} never ${phrase(node.op)} a ${right}`);
  }

  private report(node: ASTNode, message: string): void {
    this.problems.push({ at: node.start, message });
  }
}

function phrase(op: string): string {
  return op === "==" || op === "!=" ? "equals" : "compares with";
}

function literalType(value: unknown): Field | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  return undefined;
}
